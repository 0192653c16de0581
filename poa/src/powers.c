#include "power.h"

#include "guard.h"
#include "power_kind.h"
#include "span.h"

#include <stdio.h>

static bool has_twins(const json_t *array)
{
    const size_t count = json_array_size(array);
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (json_equal(json_array_get(array, k), json_array_get(array, i)))
                return true;
    return false;
}

bool poa_powers_form(const json_t *json)
{
    const size_t count = json_array_size(json); /* 0 for what is no array */
    if (POA_GUARD(powers_empty, count == 0))
        return false;
    if (count > POA_POWERS_MAX) /* plain: it bounds memory */
        return false;
    return !POA_GUARD(powers_duplicate, has_twins(json));
}

poa_err poa_powers_read(const json_t *array, int hop, const char *container, poa_powers **out, poa_reason *why)
{
    if (!poa_powers_form(array))
        return poa_deny(why, POA_E_CLAIM_TYPE, hop, "%s", container);

    POA_CLEANUP(poa_powers_freep) poa_powers *powers = calloc(1, sizeof *powers);
    if (!powers)
        return POA_F_NOMEM;
    (void)snprintf(powers->container, sizeof powers->container, "%s", container);
    const size_t count = json_array_size(array);
    for (size_t i = 0; i < count; i++) {
        const poa_err err = poa_power_read(json_array_get(array, i), hop, container, i, &powers->items[i], why);
        if (err)
            return err;
        powers->count++;
    }

    *out = POA_TAKE(powers);
    return POA_OK;
}

void poa_powers_free(poa_powers *powers)
{
    if (!powers)
        return;
    for (size_t i = 0; i < powers->count; i++)
        poa_power_free(powers->items[i]);
    free(powers);
}

size_t poa_powers_count(const poa_powers *powers)
{
    return powers->count;
}

const poa_power *poa_powers_at(const poa_powers *powers, size_t index)
{
    return index < powers->count ? powers->items[index] : NULL;
}

/* ---- Narrowing ---- */

/*
 * One member of child against the same of parent. What the parent states the child states too, so that a leaf read
 * alone tells the truth. What the parent does not state compares as its default, or as unlimited.
 */
static poa_err compare_row(const poa_constraint *row, const poa_value *child, const poa_value *parent)
{
    if (POA_GUARD(constraint_dropped, parent->json && !child->json))
        return POA_E_CONSTRAINT_DROPPED;
    const bool unlimited = !parent->json && !row->fallback;
    if (!child->json || unlimited)
        return POA_OK;
    return row->inside(child, parent) ? POA_OK : row->widened;
}

size_t poa_power_compare(const poa_power *child, const poa_power *parent, poa_err *code)
{
    const poa_power_kind *kind = child->kind;
    for (size_t i = 0; i < kind->count; i++) {
        const poa_err err = compare_row(kind->rows[i], &child->values[i], &parent->values[i]);
        if (err) {
            *code = err;
            return i;
        }
    }
    return kind->count;
}

bool poa_power_inside(const poa_power *child, const poa_power *parent)
{
    poa_err code = POA_OK;
    return child->kind == parent->kind && poa_power_compare(child, parent, &code) == child->kind->count;
}

size_t poa_powers_enclosing(const poa_powers *parent, const poa_power *child)
{
    size_t i = 0;
    while (i < parent->count && !poa_power_inside(child, parent->items[i]))
        i++;
    return i;
}

/* The pair of powers, and the row in it, that a refusal names. */
typedef struct failure {
    const poa_power *parent; /* NULL: there is none of this type */
    size_t row;
    poa_err code;
} failure;

/* Is child inside one power of parent? If not, *worst is the failure that comes latest, ties to the first. */
static bool inside_one(const poa_power *child, const poa_powers *parent, failure *worst)
{
    for (size_t i = 0; i < parent->count; i++) {
        failure f = {.parent = parent->items[i]};
        if (f.parent->kind != child->kind)
            continue;
        f.row = poa_power_compare(child, f.parent, &f.code);
        if (f.row == child->kind->count)
            return true;
        if (!worst->parent || f.row > worst->row)
            *worst = f;
    }
    return false;
}

static poa_err deny_inside(const poa_powers *powers, size_t index, int hop, const failure *f, poa_reason *why)
{
    const poa_power *child = powers->items[index];
    const char *container = powers->container;
    if (!f->parent) {
        const poa_err code = poa_deny(why, POA_E_POWER_OUTSIDE_PARENT, hop, "%s/%zu/type", container, index);
        poa_reason_values(why, NULL, json_object_get(child->json, "type"), NULL);
        return code;
    }

    const poa_constraint *row = child->kind->rows[f->row];
    const poa_value *parent = &f->parent->values[f->row];
    (void)poa_deny(why, f->code, hop, "%s/%zu/%s", container, index, row->name);
    poa_reason_values(why, parent->json, child->values[f->row].json, NULL);
    if (why && !parent->json)
        (void)snprintf(why->parent, sizeof why->parent, "%s", row->fallback);
    return f->code;
}

poa_err poa_powers_inside(const poa_powers *child, const poa_powers *parent, int hop, poa_reason *why)
{
    for (size_t i = 0; i < child->count; i++) {
        failure worst = {.code = POA_E_POWER_OUTSIDE_PARENT};
        if (!inside_one(child->items[i], parent, &worst))
            return deny_inside(child, i, hop, &worst, why);
    }
    return POA_OK;
}
