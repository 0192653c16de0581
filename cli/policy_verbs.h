#ifndef CLI_POLICY_VERBS_H
#define CLI_POLICY_VERBS_H

#include "cli.h"

/* poa policy new, manufacturer, check, explain, diff: one file each. */
int cli_policy_new(cli *app, int argc, char **argv);
int cli_policy_manufacturer(cli *app, int argc, char **argv);
int cli_policy_check(cli *app, int argc, char **argv);
int cli_policy_explain(cli *app, int argc, char **argv);
int cli_policy_diff(cli *app, int argc, char **argv);

#endif
