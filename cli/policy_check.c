#include "policy_verbs.h"

#include "bounds.h"
#include "certs.h"
#include "chains.h"
#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "json_place.h"
#include "options.h"
#include "output.h"
#include "policy_text.h"
#include "reason.h"
#include "span.h"

typedef struct check_task {
    const char *policy;
    cli_output_options output;
} check_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    check_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->policy, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->policy, "POLICY, a file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* {"valid":false,"line":…} and the reason's members. */
static int print_refusal(const poa_reason *why, poa_span text)
{
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(why);
    POA_CLEANUP(poa_json_decrefp) json_t *all = reason ? cli_json_value(poa_span_of(reason)) : NULL;
    char complaint[CLI_COMPLAINT_BYTES];
    size_t line = 1;
    if (!cli_json_complaint(text, complaint, &line))
        line = cli_json_line(text, why->member);
    if (!all || json_object_del(all, "decision") != 0 || json_object_set_new(all, "valid", json_false()) != 0 ||
        json_object_set_new(all, "line", json_integer((json_int_t)line)) != 0)
        return cli_fault_of(POA_F_NOMEM);
    return cli_print_json(all);
}

static int print_valid(const check_task *task, const poa_policy *policy)
{
    const poa_span site = poa_policy_get(policy)->resource_owner;
    const poa_id_text id = poa_id_print(poa_policy_document_id(policy));
    if (task->output.json) {
        POA_CLEANUP(poa_json_decrefp)
        json_t *all = json_pack("{s:b, s:s, s:s%, s:s}", "valid", 1, "code", "ok", "resource_owner", site.ptr, site.len,
                                "document", id.chars);
        return cli_print_json(all);
    }
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "valid: a policy of ");
    cli_escape(&b, site);
    poa_buf_printf(&b, ", document %s\n", id.chars);
    return cli_print(&b);
}

/* The policy's own reader knows no X.509; a server would not start with a manufacturer whose certificates nobody reads.
 */
static poa_err check_makers(const poa_policy *policy, poa_reason *why)
{
    const poa_policy_manufacturer *maker = NULL;
    for (size_t i = 0; (maker = poa_policy_manufacturer_at(policy, i)) != NULL; i++) {
        POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
        const poa_err err = poa_certs_parse(maker->ca, &certs, NULL);
        if (err)
            return poa_deny(why, err, POA_HOP_NONE, "/manufacturers/%zu/ca", i);
    }
    return POA_OK;
}

int cli_policy_check(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        "POLICY",
        "Say whether a site policy is valid; where it is not, the line, the member, and what was probably meant.\v"
        "Example:\n  poa policy check site.json",
        children,
        NULL,
        NULL};

    check_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    size_t len = 0;
    int failed = cli_file_read(task.policy, POA_JSON_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    const poa_span document = {text, len};
    poa_reason why = {.hop = POA_HOP_NONE};
    poa_err err = poa_policy_parse(app->ctx, document, NULL, &policy, &why);
    if (!err)
        err = check_makers(policy, &why);
    if (err && task.output.json && !poa_err_is_fault(err)) {
        failed = print_refusal(&why, document);
        if (failed)
            return failed;
    }
    if (err)
        return cli_policy_refuse(err, &why, task.policy, document);
    failed = print_valid(&task, policy);
    if (!failed)
        cli_policy_warn(app, policy);
    return failed;
}
