#include "statement.h"

#include "bounds.h"
#include "chains.h"
#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "output.h"
#include "power.h"
#include "preview.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

enum { STATEMENT_BYTES_MAX = 131072 };

POA_CLEANUP_DEFINE(poa_statement, poa_statement_free)

/* What a statement is made from. */
typedef struct sources {
    poa_chain *chain;     /* owned; the chain shown, NULL: none */
    const poa_link *link; /* the link that is meant; NULL: none */
    poa_chain *admin;     /* owned; the administrator's own, NULL: none */
    poa_statement *hold;  /* owned; the suspend to lift, NULL: none */
    poa_key *key;         /* owned */
    poa_signer signer;
    poa_id_text thumbprint; /* of the key */
    poa_span aud[CLI_TEXTS_MAX];
} sources;

static void clear(sources *s)
{
    poa_chain_free(s->chain);
    poa_chain_free(s->admin);
    poa_statement_free(s->hold);
    poa_key_free(s->key);
}

static int read_hold(const cli *app, const char *path, poa_statement **out)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    const int failed = cli_file_read(path, STATEMENT_BYTES_MAX + 1, &text, &len);
    if (failed)
        return failed;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_statement_read(app->ctx, (poa_span){text, len}, out, &why);
    if (err)
        return cli_refuse(err, &why, path);
    if (poa_statement_get(*out)->op == POA_OP_SUSPEND)
        return CLI_OK;
    return cli_usage("%s places no hold: it is no suspension", path);
}

static int read_sources(const cli *app, const cli_statement_options *o, sources *s)
{
    int failed = o->chain ? cli_chain_read(app, o->chain, &s->chain) : CLI_OK;
    if (!failed && o->admin_chain)
        failed = cli_chain_read(app, o->admin_chain, &s->admin);
    if (!failed && o->statement)
        failed = read_hold(app, o->statement, &s->hold);
    if (!failed)
        failed = cli_key_sign_with(app, &o->key, &s->key, &s->signer);
    if (failed)
        return failed;
    s->thumbprint = poa_id_print(poa_key_thumbprint(s->key));
    if (!s->chain)
        return CLI_OK;
    const size_t hop = o->hop < 0 ? poa_chain_len(s->chain) - 1 : (size_t)o->hop;
    s->link = poa_chain_link(s->chain, hop);
    return s->link ? CLI_OK : cli_usage("the chain has no link %zu: the last is %zu", hop, poa_chain_len(s->chain) - 1);
}

/* As the chains name the key; else the key's own thumbprint. Authority goes by keys: the name is for people. */
static poa_span issuer_of(const cli_statement_options *o, const sources *s)
{
    if (o->issuer)
        return poa_span_of(o->issuer);
    if (s->admin)
        return poa_chain_leaf(s->admin)->sub;
    const poa_id *own = poa_key_thumbprint(s->key);
    for (size_t i = 0; s->chain && i < poa_chain_len(s->chain); i++) {
        const poa_link *link = poa_chain_link(s->chain, i);
        if (poa_id_equal(&link->kid, own))
            return link->iss;
        if (poa_id_equal(poa_key_thumbprint(link->agent_key), own))
            return link->sub;
    }
    return poa_span_of(s->thumbprint.chars);
}

/* A hold and its end name the sites that count them. */
static int set_audience(const cli_statement_options *o, sources *s, poa_statement_request *request)
{
    request->aud = s->aud;
    request->aud_len = o->audience.count;
    for (size_t i = 0; i < o->audience.count; i++)
        s->aud[i] = poa_span_of(o->audience.at[i]);
    if (o->op == POA_OP_REVOKE || request->aud_len > 0)
        return CLI_OK;
    if (s->hold) {
        request->aud = poa_statement_get(s->hold)->aud;
        request->aud_len = poa_statement_get(s->hold)->aud_len;
    } else if (s->link) {
        request->aud = s->link->aud;
        request->aud_len = s->link->aud_len;
    }
    if (request->aud_len > 0)
        return CLI_OK;
    (void)cli_usage("a hold names the sites that count it: --audience SITE is missing");
    cli_hint("for example --audience site.example; --chain FILE takes them from the chain");
    return CLI_USAGE;
}

static int set_key_target(const cli *app, const char *target, poa_statement_request *request)
{
    request->target_kind = POA_TARGET_KEY;
    if (poa_id_parse(poa_span_of(target), &request->target))
        return CLI_OK;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const cli_key_options options = {.file = target, .passphrase = {.descriptor = -1}};
    const int failed = cli_key_read(app, &options, &key);
    if (failed)
        return failed;
    request->target = *poa_key_thumbprint(key);
    return CLI_OK;
}

static int set_target(const cli *app, const cli_statement_options *o, const sources *s, poa_statement_request *request)
{
    if (o->op == POA_OP_RESUME) {
        request->target_kind = POA_TARGET_HOLD;
        request->hold = s->hold ? poa_statement_get(s->hold)->jti : poa_span_of(o->hold);
        return CLI_OK;
    }
    if (o->target_key)
        return set_key_target(app, o->target_key, request);
    request->target_kind = POA_TARGET_POA;
    if (o->poa)
        return poa_id_parse(poa_span_of(o->poa), &request->target)
                   ? CLI_OK
                   : cli_usage("--poa wants a PoA id: 43 characters, as `poa inspect' shows it");
    request->target = s->link->id;
    request->poa_exp_s = s->link->exp_s;
    return CLI_OK;
}

static const char *default_reason(enum poa_statement_op op)
{
    switch (op) {
    case POA_OP_REVOKE:
        return "unspecified";
    case POA_OP_SUSPEND:
        return "certificateHold";
    case POA_OP_RESUME:
        return "removeFromCRL";
    }
    return "unspecified";
}

static int make_request(const cli *app, const cli_statement_options *o, sources *s, poa_statement_request *request)
{
    *request = (poa_statement_request){
        .iss = issuer_of(o, s),
        .iat_s = app->now_s,
        .op = o->op,
        .reason = poa_span_of(o->reason ? o->reason : default_reason(o->op)),
        .invalid_since_s = o->invalid_since_s,
        .issued_before_s = o->issued_before_s,
        .poa_exp_s = -1,
        .has_on_revoke = o->on_revoke != NULL,
        .chain = s->admin ? poa_chain_text(s->admin) : (poa_span){0},
    };
    if (o->on_revoke && !poa_on_revoke_parse(poa_span_of(o->on_revoke), &request->on_revoke))
        return cli_usage("--on-revoke is stop_new, review or cascade");
    const int failed = o->dry_run ? CLI_OK : set_audience(o, s, request);
    return failed ? failed : set_target(app, o, s, request);
}

/* Does the chain in hand give this key a say on the link (protocol section 8)? */
static bool has_say(const cli_statement_options *o, const sources *s)
{
    const poa_id *own = poa_key_thumbprint(s->key);
    for (size_t i = 0; i < poa_chain_len(s->chain); i++) {
        const poa_link *link = poa_chain_link(s->chain, i);
        if (poa_id_equal(&link->kid, own))
            return true;
        if (link == s->link)
            return o->op != POA_OP_SUSPEND && poa_id_equal(poa_key_thumbprint(link->agent_key), own);
    }
    return false;
}

static void warn_no_say(const cli_statement_options *o, const sources *s)
{
    if (!s->chain || s->admin || o->target_key || has_say(o, s))
        return;
    cli_warn("this key signed no link of the chain down to the one that is meant: the statement counts only where the "
             "site's policy pins the key to the chain's owner");
}

static int refuse(poa_err err, const poa_reason *why)
{
    const int exit_code = cli_refuse(err, why, NULL);
    if (strcmp(why->member, "/reason") == 0)
        cli_hint("--reason is unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, "
                 "cessationOfOperation, privilegeWithdrawn or aACompromise; certificateHold to suspend, removeFromCRL "
                 "to resume");
    return exit_code;
}

/* Where it goes from here, and how a hold is lifted. */
static void tell(const cli_statement_options *o, const poa_statement_facts *facts)
{
    POA_CLEANUP(poa_freep) char *hold = cli_escaped(facts->hold);
    POA_CLEANUP(poa_freep) char *jti = cli_escaped(facts->jti);
    if (o->op == POA_OP_RESUME)
        cli_say("lifts the hold %s", hold);
    else
        cli_say("%ss the %s %s", poa_statement_op_name(o->op), facts->target_kind == POA_TARGET_KEY ? "key" : "PoA",
                poa_id_print(&facts->target).chars);
    if (o->op == POA_OP_SUSPEND) {
        POA_CLEANUP(poa_freep) char *site = cli_escaped(facts->aud[0]);
        cli_hint("lift it with: poa resume --key %s --hold %s --audience %s", o->key.file, jti, site);
    }
    if (!o->server.url)
        cli_hint("no server knows it yet: --server URL also submits it");
}

static int write_statement(const cli_statement_options *o, const poa_statement *statement, const json_t *answer)
{
    const poa_span text = poa_statement_text(statement);
    const poa_statement_facts *facts = poa_statement_get(statement);
    if (o->output.file || !o->output.json) {
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        poa_buf_add(&b, text);
        poa_buf_text(&b, "\n");
        if (b.failed)
            return cli_fault_of(POA_F_NOMEM);
        const int failed =
            cli_file_write(&(cli_write){.path = o->output.file, .force = o->output.force}, poa_buf_span(&b));
        if (failed || !o->output.json)
            return failed;
    }
    POA_CLEANUP(poa_json_decrefp)
    json_t *all = json_pack("{s:s, s:s%, s:s, s:s, s:s?, s:o, s:s%, s:O?}", "op", poa_statement_op_name(facts->op),
                            "jti", facts->jti.ptr, facts->jti.len, "kid", poa_id_print(&facts->kid).chars, "id",
                            poa_id_print(&facts->id).chars, "target",
                            facts->op == POA_OP_RESUME ? NULL : poa_id_print(&facts->target).chars, "hold",
                            cli_json_text(facts->hold), "statement", text.ptr, text.len, "server", answer);
    return cli_print_json(all);
}

int cli_statement_submit(const cli_server_options *server, poa_span statement, poa_span chain, json_t **answer)
{
    POA_CLEANUP(poa_json_decrefp) json_t *object = json_pack("{s:s%}", "statement", statement.ptr, statement.len);
    if (object && chain.ptr && json_object_set_new(object, "chain", json_stringn(chain.ptr, chain.len)) != 0)
        return cli_fault_of(POA_F_NOMEM);
    POA_CLEANUP(poa_freep) char *body = object ? cli_json_compact(object) : NULL;
    if (!body)
        return cli_fault_of(POA_F_NOMEM);
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    const cli_exchange exchange = {.method = "POST", .path = "/v1/revocations", .body = poa_span_of(body)};
    const int failed = cli_server_ask(server, &exchange, &reply);
    if (failed)
        return failed;
    if (reply.status != 200 && reply.status != 201)
        return cli_reply_refused(&reply);
    return cli_reply_json(&reply, answer);
}

static int submit(const cli_statement_options *o, const sources *s, const poa_statement *statement, json_t **answer)
{
    const poa_span chain = s->chain ? poa_chain_text(s->chain) : (poa_span){0};
    const int failed = cli_statement_submit(&o->server, poa_statement_text(statement), chain, answer);
    if (failed)
        return failed;
    POA_CLEANUP(poa_freep) char *store = cli_escaped(poa_json_span(json_object_get(*answer, "store")));
    cli_say("the server counts it: store %s, epoch %lld", store,
            (long long)json_integer_value(json_object_get(*answer, "epoch")));
    return CLI_OK;
}

static int preview(const cli *app, const cli_statement_options *o, const sources *s,
                   const poa_statement_request *request)
{
    const cli_preview asked = {.server = &o->server,
                               .said = request,
                               .chain = s->chain,
                               .admin = s->admin,
                               .signer = &s->signer,
                               .json = o->output.json};
    return cli_preview_run(app, &asked);
}

int cli_statement_run(const cli *app, const cli_statement_options *o)
{
    POA_CLEANUP(clear) sources s = {0};
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *answer = NULL;
    poa_statement_request request;
    poa_reason why = {.hop = POA_HOP_NONE};

    int failed = CLI_OK;
    if (!o->dry_run)
        failed = cli_file_may_write(&(cli_write){.path = o->output.file, .force = o->output.force});
    if (!failed && o->server.url)
        failed = cli_server_check(&o->server);
    if (!failed)
        failed = read_sources(app, o, &s);
    if (!failed)
        failed = make_request(app, o, &s, &request);
    if (failed)
        return failed;
    warn_no_say(o, &s);
    if (o->dry_run)
        return preview(app, o, &s, &request);

    poa_err err = poa_statement_sign(app->ctx, &request, &s.signer, &cli_random, &text, &why);
    if (!err)
        err = poa_statement_read(app->ctx, poa_span_of(text), &statement, &why);
    if (err)
        return refuse(err, &why);
    tell(o, poa_statement_get(statement));
    if (!o->server.url)
        return write_statement(o, statement, NULL);

    /* It is kept whatever the server says: it is signed, and may be sent again. */
    const int submitted = submit(o, &s, statement, &answer);
    failed = write_statement(o, statement, answer);
    return submitted ? submitted : failed;
}
