#include "prototype.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "json.h"
#include "keys.h"
#include "output.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_TEXT_MAX = 8192, PEM_LINE = 64 };

static poa_err refuse(poa_reason *why, poa_err err, const char *name, const json_t *value)
{
    (void)poa_deny(why, err, POA_HOP_NONE, "/%s", name);
    poa_reason_values(why, NULL, value, NULL);
    return err;
}

/*
 * The claim under the first of its names that stands there; NULL when none does. Two that differ would let two readers
 * see two tokens.
 */
static poa_err find(const json_t *payload, const char *const *names, size_t count, const json_t **value,
                    const char **name, poa_reason *why)
{
    *value = NULL;
    *name = names[0];
    for (size_t i = 0; i < count; i++) {
        const json_t *found = json_object_get(payload, names[i]);
        if (!found)
            continue;
        if (*value && !json_equal(*value, found))
            return refuse(why, POA_E_DUPLICATE_MEMBER, names[i], found);
        if (!*value)
            *name = names[i];
        *value = found;
    }
    return POA_OK;
}

/* Wrap base64 into lines between PEM's two. */
static void add_pem(poa_buf *b, poa_span base64)
{
    poa_buf_text(b, "-----BEGIN PUBLIC KEY-----\n");
    while (base64.len > 0) {
        poa_buf_add(b, poa_span_head(base64, PEM_LINE));
        poa_buf_text(b, "\n");
        base64 = poa_span_skip(base64, PEM_LINE);
    }
    poa_buf_text(b, "-----END PUBLIC KEY-----\n");
}

static poa_err read_key(const poa_ctx *ctx, poa_span text, poa_key **out)
{
    if (text.len == 0 || text.len > KEY_TEXT_MAX)
        return POA_E_KEY_INVALID;
    POA_CLEANUP(poa_buf_clear) poa_buf pem = {0};
    if (poa_span_starts(text, POA_SPAN("-----BEGIN")))
        poa_buf_add(&pem, text);
    else
        add_pem(&pem, text);
    if (pem.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const poa_err err = poa_key_from_pem(ctx, poa_buf_span(&pem), (poa_span){0}, &key);
    if (err)
        return err;
    if (poa_key_is_private(key))
        return POA_E_PRIVATE_KEY_IN_TOKEN;
    *out = POA_TAKE(key);
    return POA_OK;
}

static poa_err read_agent_key(const poa_ctx *ctx, const json_t *payload, cli_prototype *p, poa_reason *why)
{
    static const char *const names[] = {"agentPublicKey", "agentKey"};
    const json_t *value = NULL;
    const char *name = NULL;
    poa_err err = find(payload, names, POA_COUNT(names), &value, &name, why);
    if (err)
        return err;
    if (!value)
        return refuse(why, POA_E_CLAIM_MISSING, name, NULL);
    err = read_key(ctx, poa_json_span(value), &p->agent_key);
    return err && !poa_err_is_fault(err) ? refuse(why, err, name, NULL) : err;
}

/* Some prototypes leave a word of their own there: then there is nothing to compare. */
static poa_err read_principal_key(const poa_ctx *ctx, const json_t *payload, cli_prototype *p, poa_reason *why)
{
    static const char *const names[] = {"principalPublicKey", "pricipalPublicKey"};
    const json_t *value = NULL;
    const char *name = NULL;
    poa_err err = find(payload, names, POA_COUNT(names), &value, &name, why);
    if (err || !value)
        return err;
    err = read_key(ctx, poa_json_span(value), &p->principal_key);
    if (err == POA_E_PRIVATE_KEY_IN_TOKEN)
        return refuse(why, err, name, NULL);
    return poa_err_is_fault(err) ? err : POA_OK;
}

static poa_err read_site(const json_t *payload, cli_prototype *p, poa_reason *why)
{
    static const char *const names[] = {"resourceOwnerID", "recourceOwnerID", "destinationNetworkId"};
    const json_t *value = NULL;
    const char *name = NULL;
    const poa_err err = find(payload, names, POA_COUNT(names), &value, &name, why);
    if (err)
        return err;
    if (!value)
        return refuse(why, POA_E_CLAIM_MISSING, name, NULL);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    if (json_is_integer(value))
        poa_buf_printf(&b, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        poa_buf_add(&b, poa_json_span(value));
    if (!b.failed && !poa_span_is_identifier(poa_buf_span(&b)))
        return refuse(why, POA_E_CLAIM_TYPE, name, value);
    p->site = poa_buf_take(&b);
    return p->site ? POA_OK : POA_F_NOMEM;
}

/* A number, or its digits in a string. */
static poa_err read_transferable(const json_t *payload, cli_prototype *p, poa_reason *why)
{
    const json_t *value = json_object_get(payload, "transferable");
    int64_t number = 0;
    uint64_t digits = 0;
    if (value && json_is_string(value) && poa_span_number(poa_json_span(value), POA_TRANSFERABLE_MAX, &digits))
        number = (int64_t)digits;
    else if (value && !poa_json_int(value, 0, POA_TRANSFERABLE_MAX, &number))
        return refuse(why, POA_E_CLAIM_TYPE, "transferable", value);
    p->transferable = (int)number;
    return POA_OK;
}

static poa_err read_time(const json_t *payload, const char *name, bool required, int64_t *out, poa_reason *why)
{
    const json_t *value = json_object_get(payload, name);
    if (!value)
        return required ? refuse(why, POA_E_CLAIM_MISSING, name, NULL) : POA_OK;
    return poa_json_int(value, 0, POA_TIME_MAX, out) ? POA_OK : refuse(why, POA_E_CLAIM_TYPE, name, value);
}

static poa_err read_times(const json_t *payload, cli_prototype *p, poa_reason *why)
{
    p->nbf_s = -1;
    poa_err err = read_time(payload, "iat", true, &p->iat_s, why);
    if (!err)
        err = read_time(payload, "nbf", false, &p->nbf_s, why);
    if (!err)
        err = read_time(payload, "exp", true, &p->exp_s, why);
    if (!err && (p->exp_s <= p->iat_s || p->exp_s <= p->nbf_s))
        err = refuse(why, POA_E_WINDOW_EMPTY, "exp", json_object_get(payload, "exp"));
    return err;
}

/* A name stands in metadata or beside it; the literal "default" of one prototype is none. */
static poa_span read_name(const json_t *payload, const json_t *metadata, const char *name)
{
    const json_t *inner = json_object_get(metadata, name);
    const poa_span text = poa_json_span(inner ? inner : json_object_get(payload, name));
    const bool usable = poa_span_is_text(text, POA_LABEL_BYTES_MAX) && !poa_span_is(text, "default");
    return usable ? text : (poa_span){0};
}

static poa_err read_metadata(const json_t *payload, cli_prototype *p, poa_reason *why)
{
    static const char *const names[] = {"metadata", "metaData"};
    const json_t *value = NULL;
    const char *name = NULL;
    const poa_err err = find(payload, names, POA_COUNT(names), &value, &name, why);
    if (err)
        return err;
    p->principal_name = read_name(payload, value, "principalName");
    p->agent_name = read_name(payload, value, "agentName");
    p->powers = json_object_get(value, "authorization_details");
    return POA_OK;
}

poa_err cli_prototype_read(const poa_ctx *ctx, const json_t *payload, cli_prototype *out, poa_reason *why)
{
    POA_CLEANUP(cli_prototype_clear) cli_prototype p = {0};
    poa_err err = read_principal_key(ctx, payload, &p, why);
    if (!err)
        err = read_agent_key(ctx, payload, &p, why);
    if (!err)
        err = read_site(payload, &p, why);
    if (!err)
        err = read_transferable(payload, &p, why);
    if (!err)
        err = read_times(payload, &p, why);
    if (!err)
        err = read_metadata(payload, &p, why);
    if (err)
        return err;
    *out = p;
    p = (cli_prototype){0};
    return POA_OK;
}

void cli_prototype_clear(cli_prototype *prototype)
{
    poa_key_free(prototype->agent_key);
    poa_key_free(prototype->principal_key);
    free(prototype->site);
    *prototype = (cli_prototype){0};
}

/* ---- Writing ---- */

/* What stands between the first and the last line of a public key's PEM, in one piece: base64 of its DER. */
static json_t *key_base64(const poa_key *key)
{
    POA_CLEANUP(poa_freep) char *pem = NULL;
    if (poa_key_public_pem(key, &pem) != POA_OK)
        return NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_fields lines = poa_fields_of(poa_span_of(pem), '\n');
    poa_span line;
    while (poa_fields_next(&lines, &line))
        if (!poa_span_starts(line, POA_SPAN("-----")))
            poa_buf_add(&b, line);
    return b.failed ? NULL : json_stringn(b.text, b.len);
}

json_t *cli_prototype_write(const poa_link *link, const poa_key *principal_key, poa_span site)
{
    POA_CLEANUP(poa_json_decrefp) json_t *principal = key_base64(principal_key);
    POA_CLEANUP(poa_json_decrefp) json_t *agent = key_base64(link->agent_key);
    POA_CLEANUP(poa_json_decrefp) json_t *owner = json_stringn(site.ptr, site.len);
    POA_CLEANUP(poa_json_decrefp)
    json_t *metadata =
        json_pack("{s:s%, s:s%, s:s, s:o}", "principalName", link->iss.ptr, link->iss.len, "agentName", link->sub.ptr,
                  link->sub.len, "credentials", "PoA", "authorization_details", cli_json_value(link->powers));
    POA_CLEANUP(poa_json_decrefp)
    json_t *payload = json_pack("{s:I, s:I, s:O, s:O, s:O, s:O, s:O, s:i, s:O}", "iat", (json_int_t)link->iat_s, "exp",
                                (json_int_t)link->exp_s, "principalPublicKey", principal, "agentPublicKey", agent,
                                "agentKey", agent, "resourceOwnerID", owner, "destinationNetworkId", owner,
                                "transferable", link->transferable, "metadata", metadata);
    if (payload && link->nbf_s > link->iat_s &&
        json_object_set_new(payload, "nbf", json_integer((json_int_t)link->nbf_s)) != 0)
        return NULL;
    return POA_TAKE(payload);
}
