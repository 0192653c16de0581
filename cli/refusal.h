#ifndef CLI_REFUSAL_H
#define CLI_REFUSAL_H

#include "poa/reason.h"

/*
 * Telling a refusal to a person: the reason as the library gave it, and what to type next.
 */

/* What the person was doing: the same reason wants another command after a mint than after a verification. */
enum cli_doing {
    CLI_READING,   /* a chain, a key, a policy was read or verified */
    CLI_MINTING,   /* grant, subgrant */
    CLI_REQUESTING /* a server answered */
};

/* The reason on stderr, with a hint; gives the exit code of its row. Faults too. why may be NULL. */
int cli_refuse_doing(poa_err err, const poa_reason *why, enum cli_doing doing);
/* The same for CLI_READING; `what` (may be NULL) names the file or the thing that was refused. */
int cli_refuse(poa_err err, const poa_reason *why, const char *what);
/* A code alone, without a hint: the caller gives a better one. */
int cli_refuse_code(poa_err err);

/* The general hint of a code, never NULL; "" for POA_OK. */
const char *cli_hint_of(poa_err err, enum cli_doing doing);

#endif
