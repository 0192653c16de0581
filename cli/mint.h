#ifndef CLI_MINT_H
#define CLI_MINT_H

#include "cli.h"
#include "keys.h"
#include "options.h"
#include "power_options.h"

#include "poa/chain.h"

/*
 * Minting, which grant and subgrant share: a sub-grant is a grant under a chain, with the chain's own terms where
 * nothing else is said.
 */
typedef struct cli_mint {
    cli_key_options key;
    cli_power_options powers;
    cli_output_options output;
    const char *chain;  /* file of the chain above; NULL for a root */
    const char *issuer; /* NULL: the parent's sub */
    const char *to;     /* file with the agent's public key */
    const char *agent;
    cli_texts audience; /* empty: the parent's */
    int64_t depth;      /* -1: 0; likewise below: -1 is not said */
    int64_t for_s;      /* duration */
    int64_t until_s;    /* moment; likewise the next two */
    int64_t not_before_s;
    int64_t issued_at_s;
    const char *principal_name;
    const char *agent_name;
    const char *policy; /* file of a site policy to check against; NULL: none */
} cli_mint;

/* The options of both verbs; the input is a cli_mint. */
extern const struct argp cli_mint_argp;

/* Mint, tell what was signed, write the chain. */
int cli_mint_run(const cli *app, const cli_mint *mint);

/* On stderr: what the person should know about the PoA that was signed (leaf of the new chain). */
void cli_mint_tell(const cli *app, const poa_chain *chain);

#endif
