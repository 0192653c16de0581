#ifndef POA_TEST_SAID_H
#define POA_TEST_SAID_H

/*
 * What was said about a chain, and what step 8 makes of it: the cases of test_authority.c and test_resume.c, most of
 * them about owner -> contractor -> foreman -> technician.
 */

#include "site.h"

/* An administrator's chain, by which a statement carries a reach. */
enum as { AS_NOBODY, AS_ADMIN, AS_FAR, AS_NARROW, AS_REVOKER, AS_OTHER, AS_SITE, AS_COUNT };

/* What a statement is on: a link of the chain, somebody's key, what was said as number n. */
enum on_what { LINK, ANOTHER_POA, KEY_OF, LINK_AS_KEY, HOLD_OF };

typedef struct said {
    enum who by;
    enum poa_statement_op op;
    enum on_what on;
    int which;
    enum as as;
    const char *aud; /* another site */
    int64_t issued_before_s;
    int64_t accepted_s; /* NOW where it is zero */
    int again;          /* instead of all this: what was said as number again - 1, once more */
} said;

#define SAID_MAX 4

#define REVOKES(...)                     \
    {                                    \
        .op = POA_OP_REVOKE, __VA_ARGS__ \
    }
#define HOLDS(...)                        \
    {                                     \
        .op = POA_OP_SUSPEND, __VA_ARGS__ \
    }
#define RESUMES(...)                                    \
    {                                                   \
        .op = POA_OP_RESUME, .on = HOLD_OF, __VA_ARGS__ \
    }

typedef struct test_case {
    const char *name;
    said said[SAID_MAX];
    size_t count;
    poa_err want;
    int hop;
    const char *member;
    enum poa_standing standing;
} test_case;

#define NONE         POA_OK, POA_HOP_NONE, "", POA_STANDING_NONE
#define REVOKED(hop) POA_E_REVOKED, hop, ""
#define HELD(hop)    POA_E_SUSPENDED, hop, ""
#define KEY_AT(hop)  POA_E_KEY_REVOKED, hop, "/header/kid"
#define CNF_AT(hop)  POA_E_KEY_REVOKED, hop, "/cnf"
#define AGENT        POA_STANDING_AGENT
#define SELF         POA_STANDING_SELF
#define PRINCIPAL    POA_STANDING_PRINCIPAL
#define OWNS         POA_STANDING_OWNER
#define ADMINISTERS  POA_STANDING_ADMINISTRATOR

/* Say what each case says about the chain, ask step 8, and fail where it answers something else. */
void try_all(const site *s, const poa_chain *chain, const test_case *cases, size_t count);
/* The same about the usual chain. */
void try_usual(const site *s, const test_case *cases, size_t count);

#endif
