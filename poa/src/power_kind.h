#ifndef POA_SRC_POWER_KIND_H
#define POA_SRC_POWER_KIND_H

#include "bounds.h"
#include "constraint.h"
#include "power.h"

/* What power*.c share; private to them. */

#define POA_POWER_MEMBERS_MAX 10

/* A type of power: its constraints, in the order of the protocol's table, which is the order of all checks. */
typedef struct poa_power_kind {
    const char *name;
    size_t count;
    const poa_constraint *rows[POA_POWER_MEMBERS_MAX];
} poa_power_kind;

/* The kind with this name, or NULL. */
const poa_power_kind *poa_power_kind_find(poa_span name);

struct poa_power {
    const poa_power_kind *kind;
    json_t *json;                            /* a reference of our own */
    poa_value values[POA_POWER_MEMBERS_MAX]; /* values[i] belongs to kind->rows[i] */
};

#define POA_POWERS_CONTAINER_BYTES 64

struct poa_powers {
    char container[POA_POWERS_CONTAINER_BYTES];
    size_t count;
    poa_power *items[POA_POWERS_MAX];
};

/* What a power says about a constraint; NULL when its type does not have it. */
const poa_value *poa_power_value(const poa_power *power, const poa_constraint *constraint);

/**
 * poa_power_compare() - is child inside parent, both of the same kind?
 * @code: set when it is not
 *
 * Return: index of the first row that fails, or kind->count when it is inside.
 */
size_t poa_power_compare(const poa_power *child, const poa_power *parent, poa_err *code);

/* Index of the first power of parent that child lies inside, or parent->count. */
size_t poa_powers_enclosing(const poa_powers *parent, const poa_power *child);

#endif
