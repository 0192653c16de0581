#ifndef POA_SRC_CONSTRAINT_H
#define POA_SRC_CONSTRAINT_H

#include "buf.h"

#include "poa/error.h"
#include "poa/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A constraint is one kind of member of a power. Each has a file of its own, which holds everything about it: how it is
 * read, when one lies inside another, when it holds a request, how it is shown. To add one is to add its file and a row
 * in power_kind.c.
 */

/* What a member says, read once. */
typedef struct poa_value {
    const json_t *json; /* as it stands in its power, which keeps it alive; NULL: the member is absent */
    int64_t number;     /* a limit, a level, or a set as bits; the default where the member is absent */
    void *items;        /* of a list: malloc'ed array of the constraint's own items, which borrow from json */
    size_t count;
} poa_value;

/**
 * poa_constraint - one kind of member.
 * @name:     the member
 * @required: must a power state it?
 * @fallback: what it is where it is absent, for people; NULL: unlimited
 * @fallback_number: the same, as poa_value.number
 * @widened:  code of a child that is not inside its parent
 * @refused:  code of a request that it does not hold
 * @read:     read json, which is not NULL, into out->number or out->items and out->count; out->items belongs to the
 *            caller also on failure. POA_OK, POA_E_POWER_INVALID, POA_F_NOMEM
 * @inside:   does child, which is present, lie inside parent (present, or absent with its default)?
 * @match:    does value, which is present, hold the request? NULL: it has no say in a request
 * @asked:    what the request says about it, a new reference, NULL when nothing or memory is out; NULL with match
 * @show:     write value, which is present, for people
 */
typedef struct poa_constraint {
    const char *name;
    bool required;
    const char *fallback;
    int64_t fallback_number;
    poa_err widened;
    poa_err refused;
    poa_err (*read)(const json_t *json, poa_value *out);
    bool (*inside)(const poa_value *child, const poa_value *parent);
    bool (*match)(const poa_value *value, const poa_request *request);
    json_t *(*asked)(const poa_request *request);
    void (*show)(const poa_value *value, poa_buf *b);
} poa_constraint;

extern const poa_constraint poa_constraint_onboarding_actions;
extern const poa_constraint poa_constraint_access_actions;
extern const poa_constraint poa_constraint_administration_actions;
extern const poa_constraint poa_constraint_locations;
extern const poa_constraint poa_constraint_resources;
extern const poa_constraint poa_constraint_devices;
extern const poa_constraint poa_constraint_max_devices;
extern const poa_constraint poa_constraint_evidence;
extern const poa_constraint poa_constraint_credential_lifetime;
extern const poa_constraint poa_constraint_effect;
extern const poa_constraint poa_constraint_on_revoke;
extern const poa_constraint poa_constraint_hours;
extern const poa_constraint poa_constraint_networks;

#endif
