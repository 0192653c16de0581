#include "api/device_json.h"
#include "cleanup.h"
#include "json.h"
#include "machine.h"
#include "offline.h"
#include "span.h"
#include "store/audit.h"
#include "store/texts.h"

#include <stdio.h>

static const char doc[] =
    "Check that no entry of the audit log was changed, removed or inserted, and print the entries, each as one line of "
    "JSON. Chains and policies stand in them by their SHA-256; --text prints one. The server must not run.\v"
    "Examples:\n"
    "  poa-authz-server audit --config /etc/poa/site.json\n"
    "  poa-authz-server audit --config /etc/poa/site.json --verify\n"
    "  poa-authz-server audit --config /etc/poa/site.json --text SHA256";

enum { OPTION_FROM = PROGRAM_OPTION, OPTION_VERIFY, OPTION_TEXT };

/* Entries read in one transaction. */
enum { STEP = 1000 };

typedef struct audit_flags {
    config_flags config;
    uint64_t from;
    bool verify;
    bool has_text;
    poa_id text;
} audit_flags;

static const struct argp_option own_options[] = {
    {"from", OPTION_FROM, "N", 0, "Print from entry N on; all are checked", 1},
    {"verify", OPTION_VERIFY, NULL, 0, "Only check, and print one JSON object", 1},
    {"text", OPTION_TEXT, "SHA256", 0, "Print the chain or policy with this SHA-256 (base64url), nothing else", 1},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    audit_flags *flags = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &flags->config;
        flags->from = 1;
        return 0;
    case OPTION_FROM:
        if (!poa_span_number(poa_span_of(arg), INT64_MAX, &flags->from) || flags->from == 0)
            argp_error(state, "--from wants the number of an entry; the first is 1");
        return 0;
    case OPTION_VERIFY:
        flags->verify = true;
        return 0;
    case OPTION_TEXT:
        flags->has_text = poa_id_parse(poa_span_of(arg), &flags->text);
        if (!flags->has_text)
            argp_error(state, "--text wants a SHA-256 in base64url, 43 characters");
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int fault_of(poa_err err)
{
    return program_fault("the store cannot be read: %s", poa_err_describe(err)->condition);
}

/* ---- an entry as JSON ---- */

static json_t *text_or_null(poa_span text)
{
    return text.len > 0 ? json_stringn(text.ptr, text.len) : json_null();
}

static json_t *id_or_null(const poa_id *id)
{
    return store_id_is_none(id) ? json_null() : json_string(poa_id_print(id).chars);
}

static json_t *poas_of(const store_audit_entry *entry)
{
    json_t *poas = json_array();
    for (size_t i = 0; i < entry->poa_count; i++)
        (void)json_array_append_new(poas, id_or_null(&entry->poas[i]));
    return poas;
}

static json_t *reason_of(const store_audit_entry *entry)
{
    json_t *reason = NULL;
    return entry->reason.len > 0 && !poa_json_parse(entry->reason, &reason) ? reason : text_or_null(entry->reason);
}

static json_t *device_of(const store_audit_entry *entry)
{
    return entry->has_device ? json_string(api_uuid_print(&entry->device).chars) : json_null();
}

/* As openssl prints it. */
static json_t *serial_of(const store_audit_entry *entry)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    for (size_t i = 0; i < entry->certificate_serial.len; i++)
        poa_buf_printf(&b, "%02X", (unsigned)(unsigned char)entry->certificate_serial.ptr[i]);
    return text_or_null(poa_buf_span(&b));
}

static json_t *json_of(const store_audit_entry *entry)
{
    return json_pack("{s:I, s:o, s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "seq",
                     (json_int_t)entry->seq, "previous", id_or_null(&entry->previous), "time",
                     (json_int_t)entry->time_s, "kind", text_or_null(entry->kind), "code", poa_err_name(entry->code),
                     "reason", reason_of(entry), "request", text_or_null(entry->request), "poas", poas_of(entry),
                     "chain", id_or_null(&entry->chain), "proof", id_or_null(&entry->proof), "proof_jti",
                     text_or_null(entry->proof_jti), "policy", id_or_null(&entry->policy), "device", device_of(entry),
                     "certificate_serial", serial_of(entry), "statement", id_or_null(&entry->statement));
}

/* In ASCII, so that no terminal acts on what somebody wrote into a PoA. */
static bool print_entry(const store_audit_entry *entry)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = json_of(entry);
    const bool good = value && json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;
    return good && putchar('\n') != EOF;
}

/* ---- reading ---- */

static int print_step(store *s, uint64_t *seq, bool *more)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = store_read_begin(s, &txn);
    for (size_t i = 0; i < STEP && !err; i++, (*seq)++) {
        store_audit_entry entry;
        err = store_audit_get(txn, *seq, &entry, more);
        if (err || !*more)
            break;
        if (!print_entry(&entry))
            return program_fault("memory ran out, or standard output cannot be written");
    }
    return err ? fault_of(err) : SERVER_OK;
}

static int print_all(store *s, uint64_t from)
{
    bool more = true;
    int failed = SERVER_OK;
    while (more && !failed)
        failed = print_step(s, &from, &more);
    return failed;
}

static poa_err verify_step(store *s, store_audit_walk *walk)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(s, &txn);
    return err ? err : store_audit_verify(txn, walk, STEP);
}

static int verify(store *s, store_audit_walk *walk)
{
    poa_err err = POA_OK;
    while (!err && !walk->broken && !walk->complete)
        err = verify_step(s, walk);
    return err ? fault_of(err) : SERVER_OK;
}

static int print_text(store *s, const poa_id *id)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_span text = {0};
    bool found = false;
    poa_err err = store_read_begin(s, &txn);
    if (!err)
        err = store_text_get(txn, id, &text, &found);
    if (err)
        return fault_of(err);
    if (!found)
        return program_usage("there is no text with this SHA-256");
    (void)fwrite(text.ptr, 1, text.len, stdout);
    return SERVER_OK;
}

static int tell(const store_audit_walk *walk, bool json)
{
    const poa_id_text head = poa_id_print(&walk->hash);
    if (json) {
        (void)printf("{\"entries\":%llu,\"head\":\"%s\",\"broken\":", (unsigned long long)walk->checked, head.chars);
        (void)(walk->broken ? printf("%llu}\n", (unsigned long long)walk->broken) : printf("null}\n"));
    } else if (!walk->broken) {
        program_say("%llu entries hold; the head is %s", (unsigned long long)walk->checked, head.chars);
    }
    if (!walk->broken)
        return SERVER_OK;
    return program_fault("entry %llu was changed, removed or inserted; %llu before it hold",
                         (unsigned long long)walk->broken, (unsigned long long)walk->checked);
}

int verb_audit(const poa_ctx *ctx, int argc, char **argv)
{
    const struct argp_child children[] = {{config_argp(), 0, NULL, 0}, {0}};
    const struct argp argp = {.options = own_options, .parser = parse, .doc = doc, .children = children};
    audit_flags flags = {0};
    program_parse(&argp, argc, argv, &flags);
    machine_prepare(false);

    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    POA_CLEANUP(offline_closep) store *s = NULL;
    int failed = program_config(ctx, &flags.config, &config);
    if (!failed)
        failed = offline_open(ctx, config, &s);
    if (!failed && flags.has_text)
        return print_text(s, &flags.text);
    store_audit_walk walk = {0};
    if (!failed)
        failed = verify(s, &walk);
    if (!failed && !flags.verify)
        failed = print_all(s, flags.from);
    return failed ? failed : tell(&walk, flags.verify);
}
