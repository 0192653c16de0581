#include "cli.h"

#include "cleanup.h"
#include "output.h"

#include "poa/json_hook.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const cli_verb verbs[] = {
    {"key", "make, import and show keys", cli_verb_key},
    {"grant", "sign a PoA: let an agent act for you", cli_verb_grant},
    {"subgrant", "pass on some of what was granted to you", cli_verb_subgrant},
    {"inspect", "draw a chain, believing nothing of it", cli_verb_inspect},
    {"verify", "decide on a chain, and on a request, under a site policy", cli_verb_verify},
    {"prove", "make the HTTP headers that present a chain and prove its key", cli_verb_prove},
    {"revoke", "state that a PoA or a key no longer stands", cli_verb_revoke},
    {"suspend", "place a hold on a PoA or a key", cli_verb_suspend},
    {"resume", "lift a hold", cli_verb_resume},
    {"challenge", "get a nonce from a server", cli_verb_challenge},
    {"onboard", "bring a device onto a site", cli_verb_onboard},
    {"device", "see and manage the devices of a site", cli_verb_device},
    {"policy", "write, check, explain and compare site policies", cli_verb_policy},
    {"import", "read a PoA of the published prototypes", cli_verb_import},
    {"export", "write one link of a chain as an ordinary JWT", cli_verb_export},
    {"codes", "list every reason code, its exit code and what to do", cli_verb_codes},
    {"version", "show the versions of poa and its libraries", cli_verb_version},
};

/* A crash must not leave keys on the disk. */
static void forbid_core(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    forbid_core();
    poa_json_hook_install();
    cli_output_init();
    argp_err_exit_status = CLI_USAGE;

    cli app = {.now_s = (int64_t)time(NULL)};
    const poa_err err = poa_ctx_new(&app.ctx);
    if (err)
        return cli_fault_of(err);

    static char version[] = "version";
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        argv[1] = version;
    int exit_code = cli_dispatch(&app, "poa", verbs, POA_COUNT(verbs), argc, argv);
    poa_ctx_free(app.ctx);

    if (fflush(stdout) != 0 && exit_code == CLI_OK)
        exit_code = cli_fault("cannot write to standard output: %s", strerror(errno));
    return exit_code;
}
