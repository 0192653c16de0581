#ifndef API_AGREEMENT_H
#define API_AGREEMENT_H

#include "api/exchange.h"

/*
 * What several sources say of one device must be the same. Every pair that disagrees is told.
 */

/** api_said - what one source says; a value without bytes: nothing. Borrowed. */
typedef struct api_said {
    const char *source;
    poa_span value;
} api_said;

/**
 * api_agreement - begins zeroed.
 * @conflicts: pairs that disagree, objects of a JSON array with commas between; api_agreement_end() takes it over
 * @first:     member of the first of them; NULL: there is none
 */
typedef struct api_agreement {
    poa_buf conflicts;
    const char *first;
} api_agreement;

/** api_agree() - compare what count sources say of a member of the device, each with each. */
void api_agree(api_agreement *g, const char *member, const api_said *said, size_t count);

/**
 * api_agreement_end() - did they all agree?
 *
 * Return: POA_OK; identity_mismatch at the first member, with the member `conflicts` in the problem:
 * [{"member":"serial","sources":["certificate","request"],"values":["SN-1","SN-2"]},…]; POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_agreement_end(api_agreement *g, api_exchange *x);

#endif
