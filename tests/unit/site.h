#ifndef POA_TEST_SITE_H
#define POA_TEST_SITE_H

/*
 * A site for tests: keys, a policy that pins some of them, chains and statements signed with the others. Keys are new
 * at each run, the clock stands still.
 */

#include "test.h"

#include "poa/chain.h"
#include "poa/grant.h"
#include "poa/revocation.h"
#include "poa/statement.h"

#define NOW 1790000000
#define DAY 86400

#define MINE      "mine.example" /* the resource owner */
#define OLD_UNTIL (NOW - DAY)    /* until when OLD_OWNER is pinned */
#define MAX_AGE   60             /* the policy's max_revocation_age */
#define ONBOARD_HALL \
    "[{'type':'device_onboarding','actions':['onboard'],'locations':['mine-7/hall-2'],'devices':[{'any':true}]}]"

#define ONBOARD_MINE \
    "[{'type':'device_onboarding','actions':['onboard'],'locations':['mine-7'],'devices':[{'any':true}]}]"

/* Who has a key. The first ones are pinned: all but two of them to one owner. */
enum who {
    OWNER,
    NEXT_OWNER,  /* the same owner's second key */
    OLD_OWNER,   /* and an old one */
    OTHER_OWNER, /* another owner */
    SITE,        /* the resource owner's own key: administers all */
    CONTRACTOR,
    FOREMAN,
    TECHNICIAN,
    SIBLING,
    ADMIN,
    STRANGER,
    ANSWERER, /* signs answers */
    WHO_COUNT
};

typedef struct site {
    poa_ctx *ctx;
    poa_key *keys[WHO_COUNT];
    poa_policy *policy;
} site;

/* Make the site, and end it: for a group of tests. */
int site_open(void **state);
int site_close(void **state);

/* JSON or other text written with ' for "; malloc'ed. */
char *quoted(const char *text);

const poa_id *thumbprint(const site *s, enum who who);
const char *name_of(enum who who);
poa_signer signer_of(const site *s, enum who who);
extern const poa_random counting; /* random bytes for tests: never twice the same, not random at all */

/* A PoA in a chain; what is zero has a default: powers ONBOARD_HALL, iat_s NOW - 1000, no nbf, exp_s NOW + DAY. */
typedef struct grant {
    enum who from;
    enum who to;
    const char *powers;
    int64_t iat_s;
    int64_t nbf_s;
    int64_t exp_s;
} grant;

/* The text of a chain, and the chain verified at NOW; each PoA may be sub-granted. */
char *chain_text(const site *s, const grant *grants, size_t count);
poa_chain *chain_of(const site *s, const grant *grants, size_t count);

/* owner -> contractor -> foreman -> technician */
poa_chain *usual_chain(const site *s);

/*
 * The text of a chain whose leaf says something else in one claim (JSON), signed again by its principal: for what no
 * grant would mint.
 */
char *altered_leaf(const site *s, poa_span chain, enum who principal, const char *claim, const char *json);

/* A request with everything optional absent: reason unspecified (certificateHold, removeFromCRL), aud this site. */
poa_statement_request statement_request(enum who signer, enum poa_statement_op op);
/* The statement; it must be one. */
char *statement_text(const site *s, enum who signer, const poa_statement_request *request);

/*
 * Accepted statements as a source. Borrowed texts; what targets what is read from the statements at each question.
 */
typedef struct shelf {
    const site *s;
    poa_record records[16];
    size_t count;
    int64_t age_s;
    bool sloppy; /* shows every record, whatever is asked */
} shelf;

poa_revocation_source shelf_source(shelf *shelf);
void shelf_add(shelf *shelf, const char *statement, const char *reach, int64_t accepted_s);

#endif
