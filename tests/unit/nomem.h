#ifndef POA_TEST_NOMEM_H
#define POA_TEST_NOMEM_H

/* What test_nomem.c needs: allocations that fail, a world to call the library in, and a picture of what came out. */

#include "site.h"

#include "poa/answer.h"
#include "poa/decision.h"
#include "poa/revocation_list.h"

#include "bounds.h"

/* Put our allocator under OpenSSL; before OpenSSL is used at all. */
void heap_take_over(void);
/* Let the n-th allocation from now on fail, and with onwards all after it. */
void heap_fail(size_t n, bool onwards);
/* Let none fail any more. Did one? */
bool heap_failed(void);

typedef struct world {
    const site *s;
    poa_alg alg;                      /* which of the next two */
    poa_key *keys[POA_ALG_PS256 + 1]; /* by algorithm */
    uint8_t signatures[POA_ALG_PS256 + 1][POA_SIGNATURE_BYTES_MAX];
    poa_chain *chain;
    poa_chain *parent; /* its first two links */
    poa_revocation_list *list;
    char *widened; /* text of a chain whose leaf has more than its parent */
    poa_reason why;
    char *json;
    char *powers;
    char *policy;
    char *proof;
    char *revoke;       /* by the owner, on the leaf */
    char *administered; /* by an administrator, on a key */
    char *answer;
    char *file; /* statements */
} world;

typedef struct result {
    poa_ctx *ctx;
    poa_key *key;
    poa_policy *policy;
    poa_chain *chain;
    poa_statement *statement;
    poa_revocation_list *list;
    char *token; /* compared without its signature */
    char *text;
    poa_reason why; /* code, hop and member are compared: its values may lack where memory does */
    poa_decision decision;
    poa_answer answer;
    poa_revocation_hit hit;
} result;

/* One call of the library. */
typedef struct attempt {
    const char *name;
    poa_err (*call)(const world *w, result *r);
    poa_err want;
    poa_alg alg;
    poa_err also; /* a refusal that OpenSSL 3.0 makes of lacking memory without saying so */
} attempt;

extern const attempt attempts[];
extern const size_t attempts_count;

/* Two of the calls, which give the token. */
poa_err sign_proof(const world *w, result *r);
poa_err sign_answer(const world *w, result *r);

/* All that a result says, as malloc'ed text: equal where the results are. Signatures are left out. */
char *picture(const world *w, const result *r);

#endif
