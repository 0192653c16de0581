#include "tree.h"

#include "chain.h"
#include "json.h"
#include "output.h"
#include "power_text.h"
#include "span.h"
#include "times.h"

#include <stdio.h>

enum { INDENT_BYTES = 128 };

static const char *const check_names[CLI_CHECKS] = {
    "well formed", "signed and within the link above", "policy", "in time", "standing", "grants the request"};

void cli_tree_mark(cli_tree *tree, enum cli_check check, enum cli_mark mark)
{
    for (size_t i = 0; i < poa_chain_len(tree->chain); i++)
        tree->marks[i][check] = mark;
}

void cli_tree_pass(cli_tree *tree, enum cli_check check)
{
    cli_tree_mark(tree, check, CLI_MARK_PASS);
}

void cli_tree_fail(cli_tree *tree, enum cli_check check, int hop)
{
    const size_t links = poa_chain_len(tree->chain);
    const size_t at = hop == POA_HOP_NONE ? links - 1 : (size_t)hop;
    for (size_t i = 0; i < links; i++)
        tree->marks[i][check] = i < at ? CLI_MARK_PASS : i == at ? CLI_MARK_FAIL : CLI_MARK_UNREACHED;
    for (int later = (int)check + 1; later < CLI_CHECKS; later++)
        for (size_t i = 0; i < links; i++)
            if (tree->marks[i][later] != CLI_MARK_NONE)
                tree->marks[i][later] = CLI_MARK_UNREACHED;
}

static void add_painted(poa_buf *b, enum cli_style style, const char *text)
{
    poa_buf_text(b, cli_paint(stdout, style));
    poa_buf_text(b, text);
    poa_buf_text(b, cli_paint(stdout, CLI_PLAIN));
}

static void add_mark(poa_buf *b, enum cli_mark mark)
{
    const bool unicode = cli_unicode();
    switch (mark) {
    case CLI_MARK_NONE:
        return;
    case CLI_MARK_PASS:
        add_painted(b, CLI_GOOD, unicode ? "✓" : "ok");
        return;
    case CLI_MARK_FAIL:
        add_painted(b, CLI_BAD, unicode ? "✗" : "NO");
        return;
    case CLI_MARK_UNREACHED:
        add_painted(b, CLI_DIM, unicode ? "·" : "-");
        return;
    case CLI_MARK_OPEN:
        add_painted(b, CLI_DOUBT, "?");
        return;
    }
}

static const char *mark_note(enum cli_mark mark)
{
    switch (mark) {
    case CLI_MARK_UNREACHED:
        return " (not reached)";
    case CLI_MARK_OPEN:
        return " (unchecked)";
    case CLI_MARK_NONE:
    case CLI_MARK_PASS:
    case CLI_MARK_FAIL:
        return "";
    }
    return "";
}

/* ---- What a link took away ---- */

static void add_change(poa_buf *b, const char *indent, const char *name, const char *member, const json_t *from,
                       const json_t *to)
{
    poa_buf_printf(b, "%snarrows   %s: ", indent, name);
    cli_value_show(b, member, from);
    poa_buf_text(b, cli_unicode() ? " → " : " -> ");
    cli_value_show(b, member, to);
    poa_buf_text(b, "\n");
}

static void add_narrowed(poa_buf *b, const char *indent, const json_t *taken)
{
    const char *member = NULL;
    const json_t *change = NULL;
    json_object_foreach(json_object_get(taken, "narrowed"), member, change)
        add_change(b, indent, member, member, json_object_get(change, "from"), json_object_get(change, "to"));
}

/* Is this power of the link above the one that some power below lies inside? */
static bool is_passed_on(const json_t *taken, size_t index)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(taken, i, item)
    {
        const json_t *parent = json_object_get(item, "parent");
        if (json_is_integer(parent) && json_integer_value(parent) == (json_int_t)index)
            return true;
    }
    return false;
}

static void add_left_out(poa_buf *b, const char *indent, const poa_link *above, const json_t *taken)
{
    POA_CLEANUP(poa_json_decrefp) json_t *powers = cli_json_value(above->powers);
    size_t i = 0;
    const json_t *power = NULL;
    json_array_foreach(powers, i, power)
    {
        if (is_passed_on(taken, i))
            continue;
        poa_buf_printf(b, "%sleaves out %s: ", indent, json_string_value(json_object_get(power, "type")));
        cli_value_show(b, "actions", json_object_get(power, "actions"));
        poa_buf_text(b, "\n");
    }
}

static json_t *audience_of(const poa_link *link)
{
    json_t *list = json_array();
    for (size_t i = 0; i < link->aud_len; i++)
        if (json_array_append_new(list, json_stringn(link->aud[i].ptr, link->aud[i].len)) != 0)
            break;
    return list;
}

void cli_tree_taken(poa_buf *b, const poa_chain *chain, size_t i, const char *indent)
{
    const poa_link *above = poa_chain_link(chain, i - 1);
    const poa_link *link = poa_chain_link(chain, i);
    POA_CLEANUP(poa_freep) char *text = poa_chain_taken(chain, i);
    POA_CLEANUP(poa_json_decrefp) json_t *taken = text ? cli_json_value(poa_span_of(text)) : NULL;
    if (!taken)
        return;
    if (link->aud_len < above->aud_len) {
        POA_CLEANUP(poa_json_decrefp) json_t *from = audience_of(above);
        POA_CLEANUP(poa_json_decrefp) json_t *to = audience_of(link);
        add_change(b, indent, "sites", "aud", from, to);
    }
    size_t n = 0;
    const json_t *power = NULL;
    json_array_foreach(taken, n, power) add_narrowed(b, indent, power);
    add_left_out(b, indent, above, taken);
}

/* ---- One link ---- */

static void add_granted(poa_buf *b, const poa_link *root, const char *indent)
{
    POA_CLEANUP(poa_json_decrefp) json_t *powers = cli_json_value(root->powers);
    size_t i = 0;
    json_t *power = NULL;
    json_array_foreach(powers, i, power)
    {
        poa_buf_printf(b, "%sgrants    ", indent);
        cli_escape(b, poa_json_span(json_object_get(power, "type")));
        poa_buf_text(b, "\n");
        const char *member = NULL;
        const json_t *value = NULL;
        json_object_foreach(power, member, value)
        {
            if (poa_span_is(POA_SPAN("type"), member))
                continue;
            poa_buf_printf(b, "%s            %s: ", indent, member);
            cli_value_show(b, member, value);
            poa_buf_text(b, "\n");
        }
    }
}

static void add_time(poa_buf *b, const cli_tree *tree, const poa_link *link, const char *indent)
{
    char from[CLI_TIME_TEXT];
    char to[CLI_TIME_TEXT];
    char left[CLI_TIME_TEXT];
    cli_moment_show(link->nbf_s, from);
    cli_moment_show(link->exp_s, to);
    const bool over = link->exp_s <= tree->now_s;
    const bool begun = link->nbf_s <= tree->now_s;
    cli_duration_show(over    ? tree->now_s - link->exp_s
                      : begun ? link->exp_s - tree->now_s
                              : link->nbf_s - tree->now_s,
                      left);
    poa_buf_printf(b, "%stime      %s to %s ", indent, from, to);
    if (over)
        poa_buf_printf(b, "(over for %s)\n", left);
    else
        poa_buf_printf(b, begun ? "(%s left)\n" : "(begins in %s)\n", left);
}

static void add_text_line(poa_buf *b, const char *indent, const char *label, poa_span text)
{
    if (!text.ptr)
        return;
    poa_buf_printf(b, "%s%-9s \"", indent, label);
    cli_escape(b, text);
    poa_buf_text(b, "\"\n");
}

static void add_reason_value(poa_buf *b, const poa_reason *why, const char *label, const char *json)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = json[0] != '\0' ? cli_json_value(poa_span_of(json)) : NULL;
    if (!value)
        return;
    poa_buf_printf(b, ", %s ", label);
    cli_value_show(b, cli_pointer_last(why->member), value);
}

/* "location_not_granted at /authorization_details/0/locations, here mine-7/hall-2, asked mine-7/hall-3" */
static void add_failure(poa_buf *b, const poa_reason *why)
{
    poa_buf_printf(b, ": %s", poa_err_name(why->code));
    if (why->because != POA_OK)
        poa_buf_printf(b, " (%s)", poa_err_name(why->because));
    if (why->member[0] != '\0') {
        poa_buf_text(b, " at ");
        cli_escape(b, poa_span_of(why->member));
    }
    add_reason_value(b, why, "above", why->parent);
    add_reason_value(b, why, "here", why->child);
    add_reason_value(b, why, "asked", why->request);
}

static void add_checks(poa_buf *b, const cli_tree *tree, size_t i, const char *indent)
{
    for (int check = 0; check < CLI_CHECKS; check++) {
        const enum cli_mark mark = tree->marks[i][check];
        if (mark == CLI_MARK_NONE)
            continue;
        poa_buf_printf(b, "%s", indent);
        add_mark(b, mark);
        poa_buf_printf(b, " %s%s", check_names[check], mark_note(mark));
        if (mark == CLI_MARK_FAIL && tree->why)
            add_failure(b, tree->why);
        poa_buf_text(b, "\n");
    }
}

static void add_link(poa_buf *b, const cli_tree *tree, size_t i)
{
    const bool last = i + 1 == poa_chain_len(tree->chain);
    const poa_link *link = poa_chain_link(tree->chain, i);
    const char *branch = cli_unicode() ? "└─ " : "`- ";
    char indent[INDENT_BYTES];
    (void)snprintf(indent, sizeof indent, "%*s%s  ", (int)(3 * i + 3), "", last ? " " : cli_unicode() ? "│" : "|");

    poa_buf_printf(b, "%*s%s", (int)(3 * i), "", branch);
    poa_buf_text(b, cli_paint(stdout, CLI_BOLD));
    cli_escape(b, link->sub);
    poa_buf_text(b, cli_paint(stdout, CLI_PLAIN));
    poa_buf_printf(b, "   link %zu, granted by ", i);
    cli_escape(b, link->iss);
    poa_buf_text(b, "\n");

    poa_buf_printf(b, "%sid        %s\n", indent, poa_id_print(&link->id).chars);
    poa_buf_printf(b, "%ssigned by %s, %s\n", indent, poa_id_print(&link->kid).chars, poa_alg_name(link->alg));
    poa_buf_printf(b, "%sagent key %s, %s\n", indent, poa_id_print(poa_key_thumbprint(link->agent_key)).chars,
                   poa_key_kind(link->agent_key));
    add_text_line(b, indent, "says from", link->principal_name);
    add_text_line(b, indent, "says to", link->agent_name);
    if (i == 0)
        add_granted(b, link, indent);
    else
        cli_tree_taken(b, tree->chain, i, indent);
    add_time(b, tree, link, indent);
    poa_buf_printf(b, "%spasses on %d level%s\n", indent, link->transferable, link->transferable == 1 ? "" : "s");
    if (link->has_status)
        poa_buf_printf(b, "%sstatus    refers to a status list\n", indent);
    add_checks(b, tree, i, indent);
}

void cli_tree_draw(poa_buf *b, const cli_tree *tree)
{
    poa_buf_text(b, cli_paint(stdout, CLI_BOLD));
    cli_escape(b, poa_chain_link(tree->chain, 0)->iss);
    poa_buf_text(b, cli_paint(stdout, CLI_PLAIN));
    poa_buf_text(b, "\n");
    for (size_t i = 0; i < poa_chain_len(tree->chain); i++)
        add_link(b, tree, i);
}

/* ---- Bounds ---- */

static void add_bound(poa_buf *b, const char *indent, const char *name, const char *member, const json_t *bound)
{
    poa_buf_printf(b, "%s%-20s ", indent, name);
    const json_t *hop = json_object_get(bound, "hop");
    cli_value_show(b, member, json_object_get(bound, "value"));
    if (json_is_integer(hop))
        poa_buf_printf(b, "   (link %d)", (int)json_integer_value(hop));
    else if (json_object_get(bound, "value"))
        poa_buf_text(b, "   (by default)");
    poa_buf_text(b, "\n");
}

void cli_tree_bounds(poa_buf *b, const poa_chain *chain)
{
    POA_CLEANUP(poa_freep) char *text = poa_chain_describe(chain);
    POA_CLEANUP(poa_json_decrefp) json_t *all = text ? cli_json_value(poa_span_of(text)) : NULL;
    if (!all)
        return;
    poa_buf_text(b, "may, and the link that bounds it:\n  sites                ");
    cli_value_show(b, "aud", json_object_get(all, "aud"));
    poa_buf_text(b, "\n");
    add_bound(b, "  ", "from", "nbf", json_object_get(all, "nbf"));
    add_bound(b, "  ", "until", "exp", json_object_get(all, "exp"));
    size_t i = 0;
    json_t *power = NULL;
    json_array_foreach(json_object_get(all, "powers"), i, power)
    {
        const char *member = NULL;
        const json_t *bound = NULL;
        poa_buf_printf(b, "  %s\n", json_string_value(json_object_get(power, "type")));
        json_object_foreach(power, member, bound) if (!json_is_string(bound))
            add_bound(b, "    ", member, member, bound);
    }
}
