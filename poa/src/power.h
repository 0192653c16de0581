#ifndef POA_SRC_POWER_H
#define POA_SRC_POWER_H

#include "buf.h"
#include "cleanup.h"
#include "reason.h"

#include "poa/decision.h"
#include "poa/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Powers (protocol section 5): what a policy allows, a PoA grants and a request asks for, in one narrowing algebra.
 *
 * A power is read once, by itself; afterwards it is immutable and may be shared between threads. Reading, narrowing and
 * matching are separate calls, because a chain asks them at different moments of its verification. Nothing here reads
 * JSON at the moment of a decision, and a permit allocates nothing.
 */

typedef struct poa_power poa_power;
typedef struct poa_powers poa_powers;

/* ---- Reading ---- */

/**
 * poa_power_read() - read one power by itself.
 * @json:      a value as poa_json_parse() gave it; the power keeps a reference of its own
 * @hop:       index of the link, or POA_HOP_NONE where the power stands in no link (a policy)
 * @container: JSON pointer of the array that the power stands in: "/authorization_details", "/owners/0/powers"
 * @index:     index of the power in that array
 * @out:       set on POA_OK only; the caller ends it with poa_power_free()
 * @why:       filled otherwise; may be NULL
 *
 * Checked in this order: an object (pointer container/index), its type, each member in the order of the type's table
 * (section 5), and last a member that the type does not define, the first in document order.
 *
 * Return: POA_OK, POA_E_POWER_UNKNOWN (container/index/type), POA_E_POWER_INVALID (container/index/member, also an
 * absent one; the value is in @why->child), POA_F_NOMEM.
 */
POA_MUST_USE poa_err poa_power_read(const json_t *json, int hop, const char *container, size_t index, poa_power **out,
                                    poa_reason *why);
void poa_power_free(poa_power *power);
POA_CLEANUP_DEFINE(poa_power, poa_power_free)

/**
 * poa_powers_form() - is json an array of 1 to POA_POWERS_MAX values, no two of them equal?
 *
 * The rule of the claim by itself, before its powers are looked at (POA_E_CLAIM_TYPE where it is not so).
 */
bool poa_powers_form(const json_t *json);

/**
 * poa_powers_read() - read each power of an array by itself, in array order.
 * @array: the array; the powers keep references of their own
 * Others as in poa_power_read(). @container is copied, at most 63 bytes of it; it heads the pointers of later reasons.
 *
 * Return: as poa_power_read(), of the first power that is wrong; POA_E_CLAIM_TYPE (@container) where poa_powers_form()
 * does not hold.
 */
POA_MUST_USE poa_err poa_powers_read(const json_t *array, int hop, const char *container, poa_powers **out,
                                     poa_reason *why);
void poa_powers_free(poa_powers *powers);
POA_CLEANUP_DEFINE(poa_powers, poa_powers_free)

size_t poa_powers_count(const poa_powers *powers);
/* Borrowed; NULL when index is not below the count. */
const poa_power *poa_powers_at(const poa_powers *powers, size_t index);

/* ---- Narrowing: policy over root, parent over child, policy over policy ---- */

/**
 * poa_powers_inside() - does each power of child lie inside one power of parent of the same type?
 * @hop: that of the child
 * @why: filled otherwise; may be NULL: pointer into the child's array, values of the member in parent and child
 *
 * The first power of child that does not is reported. Where parent has several powers of its type, the reason is that
 * of the one that fails latest in the order of the type's table, ties to the first in the array (section 7).
 *
 * Return: POA_OK; POA_E_POWER_OUTSIDE_PARENT (container/i/type), POA_E_CONSTRAINT_DROPPED, POA_E_ACTION_WIDENED,
 * POA_E_LOCATION_WIDENED, POA_E_DEVICE_WIDENED, POA_E_EVIDENCE_WEAKENED, POA_E_LIMIT_WIDENED (container/i/member).
 * Never a fault.
 */
POA_MUST_USE poa_err poa_powers_inside(const poa_powers *child, const poa_powers *parent, int hop, poa_reason *why);

/* Does child lie inside parent, types included? */
bool poa_power_inside(const poa_power *child, const poa_power *parent);

/* ---- Matching: chain over request ---- */

/**
 * poa_quota_check - is this power of this link used up? Asked only for `onboard`, of a power with max_devices that
 * holds the request.
 *
 * Return: POA_OK when there is room, POA_E_QUOTA_EXCEEDED when it is full, POA_F_* when that is not known.
 */
typedef poa_err poa_quota_check(void *arg, int hop, size_t index, int64_t max_devices);

/**
 * poa_powers_match() - which power of this link holds the request?
 * @hop:     index of the link, for the reason and for quota
 * @request: all borrowed
 * @quota:   asked for each power that holds the request until one has room; NULL: every power has room
 * @arg:     handed to quota
 * @applied: set on POA_OK only: index of the first power in array order that holds the request and is not full
 * @why:     filled otherwise; may be NULL: pointer of the power that fails latest, its value in @why->child, the
 *           request's in @why->request
 *
 * A power holds a request when every member of it does, asked in the order of the type's table; what the request does
 * not state never matches. Quota comes after all members (section 4, step 10: within the powers, then quota): where
 * some power holds the request but none has room, the answer is POA_E_QUOTA_EXCEEDED.
 *
 * Return: POA_OK; POA_E_ACTION_NOT_GRANTED (also @container itself: no power of the request's type),
 * POA_E_LOCATION_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED, POA_E_RESOURCE_NOT_GRANTED, POA_E_EVIDENCE_MISSING,
 * POA_E_OUTSIDE_HOURS, POA_E_NETWORK_NOT_GRANTED, POA_E_QUOTA_EXCEEDED; a fault of @quota as it is.
 */
POA_MUST_USE poa_err poa_powers_match(const poa_powers *powers, int hop, const poa_request *request,
                                      poa_quota_check *quota, void *arg, size_t *applied, poa_reason *why);

/* ---- What a power says ---- */

/* The on_revoke of this name (poa_on_revoke_name() is its inverse); false when there is none, *out untouched. */
POA_MUST_USE bool poa_on_revoke_parse(poa_span text, enum poa_on_revoke *out);

/* The types that are known here, in the order of section 5; NULL behind the last. */
const char *poa_power_type_name(size_t i);

/* The type: text of our own. */
const char *poa_power_type(const poa_power *power);
/* Is this action among the power's? */
bool poa_power_has_action(const poa_power *power, poa_span action);
/* How many devices it may bring in; false when it sets no limit, *count untouched. */
bool poa_power_max_devices(const poa_power *power, int64_t *count);
/* Longest life of a credential, at most POA_TIME_MAX; false when it sets no limit, *seconds untouched. */
bool poa_power_credential_lifetime(const poa_power *power, int64_t *seconds);
/* Set of enum poa_evidence that it asks for; POA_EVIDENCE_DEVICE_KEY is always in it. */
unsigned poa_power_evidence(const poa_power *power);
enum poa_effect poa_power_effect(const poa_power *power);
enum poa_on_revoke poa_power_on_revoke(const poa_power *power);
/* Its locations: count of them, and the first in *first (borrowed); 0 where its type has none. */
size_t poa_power_locations(const poa_power *power, const poa_span **first);

/**
 * poa_powers_reach() - does an administrator's reach cover a link (section 8)?
 * @admin:  powers of the administrator's leaf
 * @action: what it does: "revoke", ...
 * @link:   powers of the link that it acts on
 *
 * True when an `administration` power of admin grants action, and each location of each power of link that has
 * locations is covered by a location of such a power. Powers without locations do not matter.
 */
bool poa_powers_reach(const poa_powers *admin, poa_span action, const poa_powers *link);

/* Is text a site path (section 5.1 `locations`)? And does the site path outer cover the site path inner? */
bool poa_location_is_valid(poa_span text);
bool poa_location_covers(poa_span outer, poa_span inner);

/* ---- Showing ---- */

/* For people: one line per member, "name: value\n". Values may come from a token: escape before a terminal. */
void poa_power_show(const poa_power *power, poa_buf *b);
/* The power as it stands in its document, as compact JSON. */
void poa_power_json(const poa_power *power, poa_buf *b);

/**
 * poa_powers_describe() - the effective powers of a chain, and which link caused each bound, as JSON.
 * @chain: powers of each link, root first; links of them
 *
 * An array with an object for each power of the leaf: "type", and for each member of the type's table
 * {"value":…,"hop":…}: hop is the link that last narrowed it: the lowest from which on it has been the same, through
 * the enclosing power of each link (the first of the parent's that it lies inside). A member that is absent, so
 * unlimited, is null; one that has its default is {"value":…,"hop":null}.
 */
void poa_powers_describe(const poa_powers *const *chain, size_t links, poa_buf *json);

/**
 * poa_powers_taken() - what child took away from parent, as JSON.
 *
 * An array with an object for each power of child: "type", "parent" (index of the first power of parent that it lies
 * inside, or null when there is none), "narrowed": {member: {"from":…,"to":…}} of the members that are narrower than
 * there; from is null where the parent was unlimited. With parent null, "narrowed" is null.
 */
void poa_powers_taken(const poa_powers *parent, const poa_powers *child, poa_buf *json);

#endif
