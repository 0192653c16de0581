#ifndef CLI_POLICY_TEXT_H
#define CLI_POLICY_TEXT_H

#include "cli.h"
#include "options.h"

#include "poa/policy.h"
#include "poa/reason.h"

#include <jansson.h>

/*
 * Site policies for people.
 */

/* On stderr: what is valid in a policy, but probably not meant. */
void cli_policy_warn(const cli *app, const poa_policy *policy);

/* Why a policy document is refused: file and line, the pointer, the nearest known name. Gives the exit code. */
int cli_policy_refuse(poa_err err, const poa_reason *why, const char *path, poa_span text);

/*
 * Write a policy that was put together, and warn of what is probably not meant. The library has the last word: what it
 * refuses is told, and nothing is written.
 */
int cli_policy_write(const cli *app, const cli_output_options *output, const json_t *document);

#endif
