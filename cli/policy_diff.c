#include "policy_verbs.h"

#include "chains.h"
#include "cleanup.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "policy.h"
#include "power_text.h"
#include "span.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { OPTION_REFUSE = CLI_OPTIONS_VERB };

/* What poa policy diff --refuse-wider ends with: the code of a chain that widens. */
enum { EXIT_WIDER = 8 };

typedef struct diff_task {
    const char *old;
    const char *new;
    bool refuse_wider;
    cli_output_options output;
} diff_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    diff_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case OPTION_REFUSE:
        task->refuse_wider = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, task->old ? &task->new : &task->old, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->old, "OLD, a file or -,");
        cli_need(state, task->new, "NEW, a file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Both policies, and the changes found so far. */
typedef struct diff {
    const poa_policy *old;
    const poa_policy *new;
    json_t *changes; /* owned */
    bool wider;
    bool narrower;
    bool failed;
} diff;

/* Note a change: `text` says it, in full and escaped. */
static void note(diff *d, bool wider, poa_buf *text)
{
    d->wider |= wider;
    d->narrower |= !wider;
    json_t *change =
        text->failed ? NULL : json_pack("{s:s, s:s}", "direction", wider ? "wider" : "narrower", "change", text->text);
    if (json_array_append_new(d->changes, change) != 0)
        d->failed = true;
}

/* "owner.example: chains of up to 8 links (were 3)" */
__attribute__((format(printf, 4, 5))) static void note_of(diff *d, bool wider, poa_span whose, const char *format, ...)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cli_escape(&b, whose);
    if (whose.len > 0)
        poa_buf_text(&b, ": ");
    poa_buf_text(&b, text);
    note(d, wider, &b);
}

/* ---- Owners ---- */

static const poa_policy_owner *find_owner(const poa_policy *policy, poa_span iss)
{
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++)
        if (poa_span_equal(owner->iss, iss))
            return owner;
    return NULL;
}

static bool has_key(const poa_policy_owner *owner, const poa_key *key)
{
    const poa_key *other = NULL;
    for (size_t i = 0; (other = poa_policy_owner_key(owner, i)) != NULL; i++)
        if (poa_id_equal(poa_key_thumbprint(other), poa_key_thumbprint(key)))
            return true;
    return false;
}

/* Keys of `from` that `to` has not; and of those in both, how long they are accepted. */
static void compare_keys(diff *d, const poa_policy_owner *old, const poa_policy_owner *new)
{
    const poa_key *key = NULL;
    for (size_t i = 0; (key = poa_policy_owner_key(old, i)) != NULL; i++)
        if (!has_key(new, key))
            note_of(d, false, old->iss, "the key %s is no longer pinned", poa_id_print(poa_key_thumbprint(key)).chars);
    for (size_t i = 0; (key = poa_policy_owner_key(new, i)) != NULL; i++) {
        const poa_id *id = poa_key_thumbprint(key);
        if (!has_key(old, key)) {
            note_of(d, true, new->iss, "the key %s is pinned", poa_id_print(id).chars);
            continue;
        }
        const int64_t before = poa_policy_pinned_until(d->old, id);
        const int64_t after = poa_policy_pinned_until(d->new, id);
        if (before != after)
            note_of(d, after > before, new->iss, "the key %s is accepted %s", poa_id_print(id).chars,
                    after > before ? "longer" : "less long");
    }
}

/* "owner.example: may grant more: action_widened, onboard, suspend (was onboard)" */
static void note_powers(diff *d, poa_span whose, const poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *to = cli_json_value(poa_span_of(why->child));
    POA_CLEANUP(poa_json_decrefp) json_t *from = cli_json_value(poa_span_of(why->parent));
    const char *member = cli_pointer_last(why->member);
    cli_escape(&b, whose);
    poa_buf_printf(&b, ": may grant more: %s, %s ", poa_err_name(why->code), member);
    cli_value_show(&b, member, to);
    poa_buf_text(&b, " (was ");
    cli_value_show(&b, member, from);
    poa_buf_text(&b, ")");
    note(d, true, &b);
}

/* The reason that narrowing gives says what became wider. */
static void compare_powers(diff *d, const poa_policy_owner *old, const poa_policy_owner *new)
{
    poa_reason why = {.hop = POA_HOP_NONE};
    if (poa_powers_inside(poa_policy_owner_powers(new), poa_policy_owner_powers(old), POA_HOP_NONE, &why) != POA_OK)
        note_powers(d, new->iss, &why);
    if (poa_powers_inside(poa_policy_owner_powers(old), poa_policy_owner_powers(new), POA_HOP_NONE, &why) != POA_OK)
        note_of(d, false, new->iss, "may grant less (%s)", cli_pointer_last(why.member));
}

static void compare_number(diff *d, poa_span whose, const char *what, int64_t old, int64_t new)
{
    if (old != new)
        note_of(d, new > old, whose, "%s %" PRId64 " (was %" PRId64 ")", what, new, old);
}

static void compare_owner(diff *d, const poa_policy_owner *old, const poa_policy_owner *new)
{
    compare_keys(d, old, new);
    compare_powers(d, old, new);
    compare_number(d, new->iss, "max_links", (int64_t)old->max_links, (int64_t) new->max_links);
    compare_number(d, new->iss, "max_lifetime", old->max_lifetime_s, new->max_lifetime_s);
    if (old->administers_all != new->administers_all)
        note_of(d, new->administers_all, new->iss, "administers %s", new->administers_all ? "all" : "its own alone");
}

static void compare_owners(diff *d)
{
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(d->old, i)) != NULL; i++)
        if (!find_owner(d->new, owner->iss))
            note_of(d, false, owner->iss, "is no owner any more");
    for (size_t i = 0; (owner = poa_policy_owner_at(d->new, i)) != NULL; i++) {
        const poa_policy_owner *before = find_owner(d->old, owner->iss);
        if (before)
            compare_owner(d, before, owner);
        else
            note_of(d, true, owner->iss, "is an owner");
    }
}

/* ---- Settings ---- */

static void compare_algorithms(diff *d)
{
    for (poa_alg alg = POA_ALG_ES256; alg <= POA_ALG_PS256; alg++)
        if (poa_policy_allows(d->old, alg) != poa_policy_allows(d->new, alg))
            note_of(d, poa_policy_allows(d->new, alg), (poa_span){0}, "the algorithm %s is %s", poa_alg_name(alg),
                    poa_policy_allows(d->new, alg) ? "accepted" : "no longer accepted");
}

static void compare_settings(diff *d)
{
    const poa_policy_settings *old = poa_policy_get(d->old);
    const poa_policy_settings *new = poa_policy_get(d->new);
    const poa_span site = {0};
    compare_number(d, site, "clock_skew", old->clock_skew_s, new->clock_skew_s);
    compare_number(d, site, "max_revocation_age", old->max_revocation_age_s, new->max_revocation_age_s);
    compare_number(d, site, "offline_age", old->offline_age_s, new->offline_age_s);
    compare_number(d, site, "credentials.lifetime", old->credential_lifetime_s, new->credential_lifetime_s);
    compare_number(d, site, "trust.period", old->trust_period_s, new->trust_period_s);
    compare_number(d, site, "trust.grace", old->trust_grace_s, new->trust_grace_s);
    compare_number(d, site, "trust.review_deadline", old->review_deadline_s, new->review_deadline_s);
    if (old->approval != new->approval)
        note_of(d, new->approval == POA_APPROVAL_AS_GRANTED, site, "onboarding.approval %s",
                new->approval == POA_APPROVAL_ALWAYS ? "always" : "as_granted");
    if (old->tickets != new->tickets)
        note_of(d, new->tickets == POA_TICKETS_OPTIONAL, site, "onboarding.tickets %s",
                new->tickets == POA_TICKETS_REQUIRED ? "required" : "optional");
}

/* Lists of which every new entry is somebody more to believe: answer keys and manufacturers. */
static bool holds(const json_t *list, const json_t *item)
{
    size_t i = 0;
    const json_t *other = NULL;
    json_array_foreach(list, i, other) if (json_equal(other, item)) return true;
    return false;
}

static void compare_lists(diff *d, const json_t *old, const json_t *new, const char *member)
{
    const json_t *before = json_object_get(old, member);
    const json_t *after = json_object_get(new, member);
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(after, i, item) if (!holds(before, item))
        note_of(d, true, (poa_span){0}, "%s has an entry that is new or changed", member);
    json_array_foreach(before, i, item) if (!holds(after, item))
        note_of(d, false, (poa_span){0}, "%s lacks an entry that it had", member);
}

static int compare(diff *d)
{
    POA_CLEANUP(poa_json_decrefp) json_t *old = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *new = NULL;
    if (poa_json_parse(poa_policy_document(d->old), &old) != POA_OK ||
        poa_json_parse(poa_policy_document(d->new), &new) != POA_OK)
        return cli_fault_of(POA_F_NOMEM);
    compare_owners(d);
    compare_algorithms(d);
    compare_settings(d);
    compare_lists(d, old, new, "answer_keys");
    compare_lists(d, old, new, "manufacturers");
    return d->failed ? cli_fault_of(POA_F_NOMEM) : CLI_OK;
}

/* ---- The verb ---- */

static int print_text(const diff *d)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    size_t i = 0;
    const json_t *change = NULL;
    json_array_foreach(d->changes, i, change)
    {
        const bool wider = poa_span_is(poa_json_span(json_object_get(change, "direction")), "wider");
        poa_buf_printf(&b, "%s%s%s  %s\n", cli_paint(stdout, wider ? CLI_DOUBT : CLI_GOOD),
                       wider ? "wider   " : "narrower", cli_paint(stdout, CLI_PLAIN),
                       json_string_value(json_object_get(change, "change")));
    }
    poa_buf_printf(&b, "the new policy is %s\n",
                   d->wider && d->narrower ? "wider in some ways and narrower in others"
                   : d->wider              ? "wider"
                   : d->narrower           ? "narrower"
                                           : "neither wider nor narrower");
    return cli_print(&b);
}

static int run(const cli *app, const diff_task *task)
{
    POA_CLEANUP(poa_policy_freep) poa_policy *old = NULL;
    POA_CLEANUP(poa_policy_freep) poa_policy *new = NULL;
    int failed = cli_policy_read(app, task->old, &old);
    if (!failed)
        failed = cli_policy_read(app, task->new, &new);
    if (failed)
        return failed;
    if (!poa_span_equal(poa_policy_get(old)->resource_owner, poa_policy_get(new)->resource_owner))
        return cli_usage("the two policies are of different sites: there is nothing to compare");

    POA_CLEANUP(poa_json_decrefp) json_t *changes = json_array();
    diff d = {.old = old, .new = new, .changes = changes};
    failed = compare(&d);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp)
    json_t *all = json_pack("{s:b, s:b, s:O}", "wider", d.wider, "narrower", d.narrower, "changes", changes);
    failed = task->output.json ? cli_print_json(all) : print_text(&d);
    if (failed)
        return failed;
    return d.wider && task->refuse_wider ? EXIT_WIDER : CLI_OK;
}

int cli_policy_diff(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"refuse-wider", OPTION_REFUSE, NULL, 0, "End with 8 when the new policy is wider in any way", 1},
        {0},
    };
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,
                                     parse,
                                     "OLD NEW",
                                     "Compare two policies of a site: is the new one wider anywhere, and where? Powers "
                                     "are compared by the rule that "
                                     "a sub-grant is judged by.\v"
                                     "Example:\n  poa policy diff site.json site-new.json --refuse-wider",
                                     children,
                                     NULL,
                                     NULL};

    diff_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return run(app, &task);
}
