#include "cli.h"

#include "cleanup.h"
#include "policy_verbs.h"

int cli_verb_policy(cli *app, int argc, char **argv)
{
    static const cli_verb verbs[] = {
        {"new", "write a site policy", cli_policy_new},
        {"manufacturer", "let a site know a manufacturer of devices", cli_policy_manufacturer},
        {"check", "is a site policy valid, and where not", cli_policy_check},
        {"explain", "say for people what a site policy allows", cli_policy_explain},
        {"diff", "is a new site policy wider than the old one", cli_policy_diff},
    };
    return cli_dispatch(app, "poa policy", verbs, POA_COUNT(verbs), argc, argv);
}
