#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "keys.h"

/* The passphrase of a key that has one: from its source, else asked on the terminal; CLI_USAGE when there is none. */
int cli_passphrase_for_use(const cli_passphrase *source, poa_secret *out);

#endif
