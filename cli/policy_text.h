#ifndef CLI_POLICY_TEXT_H
#define CLI_POLICY_TEXT_H

#include "cli.h"

#include "poa/policy.h"
#include "poa/reason.h"

/*
 * Site policies for people.
 */

/* On stderr: what is valid in a policy, but probably not meant. */
void cli_policy_warn(const cli *app, const poa_policy *policy);

/* Why a policy document is refused: file and line, the pointer, the nearest known name. Gives the exit code. */
int cli_policy_refuse(poa_err err, const poa_reason *why, const char *path, poa_span text);

#endif
