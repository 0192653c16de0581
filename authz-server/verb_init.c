#include "bounds.h"
#include "cleanup.h"
#include "crypto.h"
#include "file.h"
#include "http/address.h"
#include "machine.h"
#include "make.h"
#include "power.h"
#include "program.h"
#include "site.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char doc[] =
    "Make a site in DIRECTORY: its CA, its answer key, a key of its own that administers it, a policy and a "
    "configuration.\v"
    "Nothing that is there is overwritten.\n\n"
    "Examples:\n"
    "  poa-authz-server init --site mine.example /etc/poa\n"
    "  poa-authz-server init --site mine.example --location mine-7 --owner owner.example=owner.jwk \\\n"
    "      --listen 192.0.2.7:8443 --certificate tls.pem --key tls.key \\\n"
    "      --public-url https://poa.mine.example /etc/poa";

enum {
    OPTION_SITE = PROGRAM_OPTION,
    OPTION_PUBLIC_URL,
    OPTION_LISTEN,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_OWNER,
    OPTION_LOCATION,
};

#define LISTEN_DEFAULT "127.0.0.1:8080"
enum { JWK_BYTES_MAX = 16384 };

typedef struct init_flags {
    make_plan plan;
    const char *locations[POA_LOCATIONS_MAX];
    char *owners[MAKE_OWNERS_MAX];
    size_t owners_len;
} init_flags;

static const struct argp_option options[] = {
    {"site", OPTION_SITE, "ID", 0, "Id of the resource owner: the audience of every PoA for this site", 0},
    {"public-url", OPTION_PUBLIC_URL, "URL", 0, "Base URL under which clients reach it (default: that of --listen)", 0},
    {"listen", OPTION_LISTEN, "ADDRESS:PORT", 0, "Where to listen (default " LISTEN_DEFAULT ")", 0},
    {"certificate", OPTION_CERTIFICATE, "FILE", 0, "TLS certificate chain of the listener, PEM", 0},
    {"key", OPTION_KEY, "FILE", 0, "Its private key, PEM", 0},
    {"owner", OPTION_OWNER, "ISS=FILE", 0, "Pin the public key (JWK) in FILE to the owner ISS; may be repeated", 0},
    {"location", OPTION_LOCATION, "PATH", 0,
     "Site path that the policy covers; may be repeated (default: the site's id)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    init_flags *flags = state->input;
    make_plan *plan = &flags->plan;
    switch (key) {
    case OPTION_SITE:
        plan->site = poa_span_of(arg);
        return 0;
    case OPTION_PUBLIC_URL:
        plan->public_url = arg;
        return 0;
    case OPTION_LISTEN:
        plan->listen = arg;
        return 0;
    case OPTION_CERTIFICATE:
        plan->certificate = arg;
        return 0;
    case OPTION_KEY:
        plan->key = arg;
        return 0;
    case OPTION_OWNER:
        if (flags->owners_len == MAKE_OWNERS_MAX)
            argp_error(state, "at most %d owners", MAKE_OWNERS_MAX);
        flags->owners[flags->owners_len++] = arg;
        return 0;
    case OPTION_LOCATION:
        if (plan->locations_len == POA_LOCATIONS_MAX)
            argp_error(state, "at most %d locations", POA_LOCATIONS_MAX);
        if (!poa_location_is_valid(poa_span_of(arg)))
            argp_error(state, "--location wants a site path such as mine-7/hall-2, not %s", arg);
        flags->locations[plan->locations_len++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (plan->dir)
            argp_error(state, "one argument too many: %s", arg);
        plan->dir = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- owners ---- */

static int read_jwk(const poa_ctx *ctx, const char *file, poa_key **out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    POA_CLEANUP(poa_file_closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const int failed = fd < 0 ? errno : poa_file_read(fd, JWK_BYTES_MAX, &text.text, &text.len);
    if (failed)
        return program_usage("%s: %s", file, strerror(failed));
    const poa_err err = poa_key_from_jwk(ctx, (poa_span){text.text, text.len}, out, NULL);
    if (err)
        return program_usage("%s: expected a public key as JWK: %s", file, poa_err_describe(err)->condition);
    return SERVER_OK;
}

static int read_owner(const poa_ctx *ctx, char *text, make_owner *owner, poa_key **key)
{
    char *file = strchr(text, '=');
    if (!file || !poa_span_is_identifier((poa_span){text, (size_t)(file - text)}))
        return program_usage("--owner wants ISS=FILE, not %s", text);
    owner->iss = (poa_span){text, (size_t)(file - text)};
    const int failed = read_jwk(ctx, file + 1, key);
    owner->key = *key;
    return failed;
}

/* ---- what was not said ---- */

static int fill_in(init_flags *flags, char url[128], char location[POA_SEGMENT_BYTES_MAX + 1])
{
    make_plan *plan = &flags->plan;
    http_address address;
    if (!plan->dir)
        return program_usage("the directory of the site is missing: poa-authz-server init --site ID DIRECTORY");
    if (!poa_span_is_identifier(plan->site))
        return program_usage("--site ID is missing, or no identifier of 1 to 256 bytes");
    if (!plan->listen)
        plan->listen = LISTEN_DEFAULT;
    if (!http_address_parse(poa_span_of(plan->listen), &address))
        return program_usage("--listen wants an IP address and a port such as 127.0.0.1:8080 or [::1]:8443");
    if (!plan->certificate != !plan->key)
        return program_usage("--certificate and --key go together");
    if (!plan->certificate && !http_address_is_loopback(&address))
        return program_usage("other machines reach %s: give --certificate and --key, or listen on 127.0.0.1 behind a "
                             "proxy that does TLS",
                             plan->listen);
    if (!plan->public_url && address.port == 0)
        return program_usage("--public-url is wanted with port 0");
    (void)snprintf(url, 128, "%s://%s", plan->certificate ? "https" : "http", plan->listen);
    if (!plan->public_url)
        plan->public_url = url;
    if (plan->locations_len > 0)
        return SERVER_OK;
    (void)snprintf(location, POA_SEGMENT_BYTES_MAX + 1, "%.*s", (int)plan->site.len, plan->site.ptr);
    flags->locations[plan->locations_len++] = poa_location_is_valid(poa_span_of(location)) ? location : "site";
    return SERVER_OK;
}

/* TLS files are named from where the command was typed; the configuration wants them from anywhere. */
static int make_absolute(const char **file, char **owned)
{
    if (!*file)
        return SERVER_OK;
    *owned = realpath(*file, NULL);
    if (!*owned)
        return program_usage("%s: %s", *file, strerror(errno));
    *file = *owned;
    return SERVER_OK;
}

/* ---- the end ---- */

/* A start would make the same checks; so a site that init made is one that starts. */
static int check_made(const poa_ctx *ctx, const make_plan *plan)
{
    char file[4096];
    (void)snprintf(file, sizeof file, "%s/" MAKE_CONFIG, plan->dir);
    const config_source source = {.file = file};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    POA_CLEANUP(site_clear) site made = {0};
    if (server_config_load(ctx, &source, &config, &report) && site_load(ctx, config, plan->now_s, &made, &report, NULL))
        return SERVER_OK;
    program_report(&report);
    return program_usage("the site was made, but would not start: see above, and correct it there");
}

static void tell(const make_plan *plan)
{
    (void)printf("The site %.*s is in %s:\n\n"
                 "  " MAKE_CONFIG "          the configuration\n"
                 "  " MAKE_POLICY "        the policy: who may grant what\n"
                 "  " MAKE_CA ", " MAKE_CA_KEY "      the CA that signs device certificates\n"
                 "  " MAKE_ANSWER_KEY "         signs answers about revocation\n"
                 "  " MAKE_ADMIN_KEY "  the site's own key: it can bar anyone\n\n",
                 (int)plan->site.len, plan->site.ptr, plan->dir);
    (void)printf("Back up now, where only you can read it: " MAKE_CA_KEY ", " MAKE_ANSWER_KEY ", " MAKE_ADMIN_KEY ".\n"
                 "Then move " MAKE_ADMIN_KEY " off this machine: the server does not need it.\n\n");
    if (plan->owners_len == 0)
        (void)printf("Nobody can grant powers yet. Make an owner's key, and pin it in the policy:\n\n"
                     "  poa key new -o owner.key --public owner.jwk\n"
                     "  poa policy new --from %s/" MAKE_POLICY " --owner owner.example --owner-key owner.jwk \\\n"
                     "    --action onboard,read --location %s --effect permanent -o %s/" MAKE_POLICY " --force\n\n",
                     plan->dir, plan->locations[0], plan->dir);
    (void)printf("Check it, then start it:\n\n"
                 "  poa-authz-server check-config --config %s/" MAKE_CONFIG "\n"
                 "  poa-authz-server serve --config %s/" MAKE_CONFIG "\n",
                 plan->dir, plan->dir);
}

static int make(const poa_ctx *ctx, const make_plan *plan)
{
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    if (!make_site(ctx, plan, &report)) {
        program_report(&report);
        return SERVER_USAGE;
    }
    const int failed = check_made(ctx, plan);
    if (!failed)
        tell(plan);
    return failed;
}

int verb_init(const poa_ctx *ctx, int argc, char **argv)
{
    const struct argp argp = {.options = options, .parser = parse, .args_doc = "DIRECTORY", .doc = doc};
    init_flags flags = {.plan.now_s = machine_now_s(NULL)};
    flags.plan.locations = flags.locations;
    program_parse(&argp, argc, argv, &flags);
    machine_prepare(false);

    char url[128];
    char location[POA_SEGMENT_BYTES_MAX + 1];
    POA_CLEANUP(poa_freep) char *certificate = NULL;
    POA_CLEANUP(poa_freep) char *key = NULL;
    int failed = fill_in(&flags, url, location);
    if (!failed)
        failed = make_absolute(&flags.plan.certificate, &certificate);
    if (!failed)
        failed = make_absolute(&flags.plan.key, &key);

    poa_key *keys[MAKE_OWNERS_MAX] = {0};
    for (size_t i = 0; i < flags.owners_len && !failed; i++)
        failed = read_owner(ctx, flags.owners[i], &flags.plan.owners[flags.plan.owners_len++], &keys[i]);
    if (!failed)
        failed = make(ctx, &flags.plan);
    for (size_t i = 0; i < MAKE_OWNERS_MAX; i++)
        poa_key_free(keys[i]);
    return failed;
}
