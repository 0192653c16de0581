#include "power.h"

#include "power_kind.h"

#include <assert.h>

void poa_power_show(const poa_power *power, poa_buf *b)
{
    poa_buf_printf(b, "type: %s\n", power->kind->name);
    for (size_t i = 0; i < power->kind->count; i++) {
        if (!power->values[i].json)
            continue;
        poa_buf_printf(b, "%s: ", power->kind->rows[i]->name);
        power->kind->rows[i]->show(&power->values[i], b);
        poa_buf_text(b, "\n");
    }
}

void poa_power_json(const poa_power *power, poa_buf *b)
{
    poa_buf_json(b, power->json);
}

/* The powers that enclose a leaf power, by link; from the leaf up to the first link that has none. */
typedef struct lineage {
    const poa_power *powers[POA_CHAIN_LINKS_HARD];
    size_t root; /* the uppermost link that is in powers */
    size_t leaf;
} lineage;

static lineage trace(const poa_powers *const *chain, size_t links, size_t index)
{
    assert(links >= 1 && links <= POA_CHAIN_LINKS_HARD);
    lineage line = {.root = links - 1, .leaf = links - 1};
    line.powers[line.leaf] = chain[line.leaf]->items[index];
    while (line.root > 0) {
        const poa_powers *above = chain[line.root - 1];
        const size_t i = poa_powers_enclosing(above, line.powers[line.root]);
        if (i == above->count)
            break;
        line.root--;
        line.powers[line.root] = above->items[i];
    }
    return line;
}

/* Is row i of child narrower than that of parent, inside which it lies? */
static bool is_narrower(const poa_power *child, const poa_power *parent, size_t i)
{
    if (!child->values[i].json)
        return false;
    if (!parent->values[i].json && !parent->kind->rows[i]->fallback)
        return true;
    return !child->kind->rows[i]->inside(&parent->values[i], &child->values[i]);
}

/* The link that last narrowed row i: the lowest from which on it has been the same. */
static size_t bounding_hop(const lineage *line, size_t i)
{
    size_t hop = line->leaf;
    while (hop > line->root && !is_narrower(line->powers[hop], line->powers[hop - 1], i))
        hop--;
    return hop;
}

static void describe_row(const lineage *line, size_t i, poa_buf *json)
{
    const poa_power *leaf = line->powers[line->leaf];
    const poa_constraint *row = leaf->kind->rows[i];
    poa_buf_printf(json, ",\"%s\":", row->name);
    if (leaf->values[i].json) {
        poa_buf_text(json, "{\"value\":");
        poa_buf_json(json, leaf->values[i].json);
        poa_buf_printf(json, ",\"hop\":%zu}", bounding_hop(line, i));
    } else if (row->fallback) {
        poa_buf_printf(json, "{\"value\":%s,\"hop\":null}", row->fallback);
    } else {
        poa_buf_text(json, "null");
    }
}

void poa_powers_describe(const poa_powers *const *chain, size_t links, poa_buf *json)
{
    const poa_powers *leaf = chain[links - 1];
    poa_buf_text(json, "[");
    for (size_t i = 0; i < leaf->count; i++) {
        const lineage line = trace(chain, links, i);
        poa_buf_printf(json, "%s{\"type\":\"%s\"", i > 0 ? "," : "", leaf->items[i]->kind->name);
        for (size_t row = 0; row < leaf->items[i]->kind->count; row++)
            describe_row(&line, row, json);
        poa_buf_text(json, "}");
    }
    poa_buf_text(json, "]");
}

/* What parent says about row i: as stated, or its default, or null where it is unlimited. */
static void add_effective(const poa_power *power, size_t i, poa_buf *json)
{
    if (power->values[i].json)
        poa_buf_json(json, power->values[i].json);
    else
        poa_buf_text(json, power->kind->rows[i]->fallback ? power->kind->rows[i]->fallback : "null");
}

static void add_narrowed(const poa_power *child, const poa_power *parent, poa_buf *json)
{
    const char *gap = "";
    poa_buf_text(json, "{");
    for (size_t i = 0; i < child->kind->count; i++) {
        if (!is_narrower(child, parent, i))
            continue;
        poa_buf_printf(json, "%s\"%s\":{\"from\":", gap, child->kind->rows[i]->name);
        add_effective(parent, i, json);
        poa_buf_text(json, ",\"to\":");
        add_effective(child, i, json);
        poa_buf_text(json, "}");
        gap = ",";
    }
    poa_buf_text(json, "}");
}

void poa_powers_taken(const poa_powers *parent, const poa_powers *child, poa_buf *json)
{
    poa_buf_text(json, "[");
    for (size_t i = 0; i < child->count; i++) {
        const poa_power *power = child->items[i];
        const size_t enclosing = poa_powers_enclosing(parent, power);
        poa_buf_printf(json, "%s{\"type\":\"%s\",", i > 0 ? "," : "", power->kind->name);
        if (enclosing == parent->count) {
            poa_buf_text(json, "\"parent\":null,\"narrowed\":null}");
            continue;
        }
        poa_buf_printf(json, "\"parent\":%zu,\"narrowed\":", enclosing);
        add_narrowed(power, parent->items[enclosing], json);
        poa_buf_text(json, "}");
    }
    poa_buf_text(json, "]");
}
