#ifndef POA_SRC_POLICY_READ_H
#define POA_SRC_POLICY_READ_H

#include "crypto.h"
#include "reason.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Reading one object of a policy document: sticky, so that a parser reads like the table of section 9. The first
 * problem wins; a member that nobody asked for is claim_forbidden, told by poa_members_end().
 */
typedef struct poa_members {
    const json_t *body;    /* borrowed; an object */
    const char *path;      /* JSON pointer of the object; "" for the document */
    const char *asked[16]; /* names that were asked for */
    size_t asked_len;
    poa_err err;
    poa_reason *why;
} poa_members;

/* Start with an object; anything else is claim_type at path. */
poa_members poa_members_of(const json_t *body, const char *path, poa_reason *why);

/* Refuse a member. */
void poa_members_refuse(poa_members *m, poa_err code, const char *name);

/* The member, borrowed; NULL when absent (claim_missing where it is required) or when reading has ended. */
const json_t *poa_members_take(poa_members *m, const char *name, bool required);

/* A text without control characters, 1 to max bytes; borrowed. *out stays as it is when absent. */
void poa_members_text(poa_members *m, const char *name, bool required, size_t max, poa_span *out);

/* A whole number; *out stays as it is (its default) when absent. */
void poa_members_int(poa_members *m, const char *name, int64_t min, int64_t max, int64_t *out);

/* One of count words; *out stays as it is when absent. */
void poa_members_word(poa_members *m, const char *name, const char *const *words, size_t count, unsigned *out);

/* An array of min to max entries, borrowed; NULL when absent. */
const json_t *poa_members_array(poa_members *m, const char *name, bool required, size_t min, size_t max);

/* An object, borrowed; NULL when absent. */
const json_t *poa_members_object(poa_members *m, const char *name);

/* Nothing but what was asked for may stand in the object. Returns the first problem of all. */
POA_MUST_USE poa_err poa_members_end(poa_members *m);

#endif
