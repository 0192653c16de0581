#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "cli.h"
#include "client.h"

#include "poa/chain.h"
#include "poa/signer.h"
#include "poa/statement.h"

/*
 * What a statement would do, asked of a server before it is made: --dry-run of revoke and suspend. No statement is
 * signed, so none can get out; what is signed is a proof that the asker holds the key.
 */

/*
 * All borrowed.
 * @said:   what the statement would say; its chain, names and sites are not asked about: the server that is asked is
 *          taken to be meant
 * @chain:  shows the signer's standing; NULL: none, the key is one that the site's policy pins
 * @admin:  the administrator's own chain, under which the question is put; NULL: none
 * @signer: holds the key that would sign
 */
typedef struct cli_preview {
    const cli_server_options *server;
    const poa_statement_request *said;
    const poa_chain *chain;
    const poa_chain *admin;
    const poa_signer *signer;
    bool json;
} cli_preview;

/* Ask and tell, on standard output. Exit codes of the server's refusal, CLI_UNREACHABLE, CLI_FAULT. */
int cli_preview_run(const cli *app, const cli_preview *preview);

#endif
