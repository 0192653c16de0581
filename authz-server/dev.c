#include "dev.h"

#include "cleanup.h"
#include "crypto.h"
#include "file.h"
#include "http/address.h"
#include "machine.h"
#include "make.h"
#include "serve.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEV_LISTEN   "127.0.0.1:8080"
#define DEV_SITE     "dev.example"
#define DEV_OWNER    "owner.example"
#define DEV_LOCATION "dev"

typedef struct dev {
    const poa_ctx *ctx;
    char dir[PATH_MAX];
    char address[HTTP_ADDRESS_TEXT_MAX];
    char url[HTTP_ADDRESS_TEXT_MAX + 8];
    int socket;
    poa_key *owner;
} dev;

/* ---- removing all of it ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_all(const dev *d)
{
    if (nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        program_say("%s cannot be removed: %s", d->dir, strerror(errno));
}

/* ---- making it ---- */

/* The port may be any that is free, so the socket comes before the site that names it. */
static int open_socket(dev *d, const char *listen)
{
    http_address address;
    if (!http_address_parse(poa_span_of(listen), &address))
        return program_usage("--listen wants an IP address and a port such as " DEV_LISTEN);
    if (!http_address_is_loopback(&address))
        return program_usage("--dev has keys and policy of nobody's choosing: it listens on this machine alone, "
                             "127.0.0.1 or [::1]");
    d->socket = http_listen(&address);
    if (d->socket < 0)
        return program_fault("cannot listen on %s: %s", listen, strerror(errno));
    struct sockaddr_storage where = {0};
    socklen_t len = sizeof where;
    (void)getsockname(d->socket, (struct sockaddr *)&where, &len);
    address = http_address_from_socket(&where);
    http_address_text(&address, d->address);
    (void)snprintf(d->url, sizeof d->url, "http://%s", d->address);
    return SERVER_OK;
}

static int make_dir(dev *d)
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(d->dir, sizeof d->dir, "%s/poa-dev-XXXXXX", parent && parent[0] == '/' ? parent : "/tmp");
    return mkdtemp(d->dir) ? SERVER_OK : program_fault("%s: %s", d->dir, strerror(errno));
}

static int write_file(const dev *d, const char *name, mode_t mode, poa_span text)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/%s", d->dir, name);
    const int failed = poa_file_write(path, mode, false, text);
    return failed ? program_fault("%s: %s", path, strerror(failed)) : SERVER_OK;
}

/* Somebody who may grant, so that there is something to try. */
static int make_owner_key(dev *d)
{
    POA_CLEANUP(poa_secret_clear) poa_secret pem = {0};
    poa_err err = poa_key_generate(d->ctx, POA_ALG_ES256, &d->owner);
    if (!err)
        err = poa_key_to_pem(d->owner, (poa_span){0}, &pem);
    if (err)
        return program_fault("%s", poa_err_describe(err)->condition);
    return write_file(d, "owner.key", 0600, (poa_span){pem.text, pem.len});
}

static int make_files(dev *d)
{
    static const char *const locations[] = {DEV_LOCATION};
    const int failed = make_owner_key(d);
    if (failed)
        return failed;
    const make_plan plan = {
        .dir = d->dir,
        .site = POA_SPAN(DEV_SITE),
        .public_url = d->url,
        .listen = d->address,
        .locations = locations,
        .locations_len = 1,
        .owners = {{POA_SPAN(DEV_OWNER), d->owner}},
        .owners_len = 1,
        .now_s = machine_now_s(NULL),
    };
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    if (make_site(d->ctx, &plan, &report))
        return SERVER_OK;
    program_report(&report);
    return SERVER_FAULT;
}

/* ---- serving it ---- */

static void tell(void *arg)
{
    const dev *d = arg;
    (void)printf(
        "\n"
        "  *** A server to try things. Its keys were made just now, anybody on this machine can reach it, ***\n"
        "  *** and all of it is removed when it ends (Ctrl-C). Never let it decide about real devices.    ***\n"
        "\n"
        "  server   %s\n"
        "  site     " DEV_SITE ", in %s\n"
        "  policy   %s/" MAKE_POLICY "\n"
        "  owner    " DEV_OWNER ", key %s/owner.key, may grant powers over " DEV_LOCATION "\n"
        "  the site itself administers with %s/" MAKE_ADMIN_KEY "\n"
        "\n",
        d->url, d->dir, d->dir, d->dir, d->dir);
    (void)printf("Try, in another terminal:\n"
                 "\n"
                 "  poa key new -o agent.key --public agent.jwk\n"
                 "  poa grant --key %s/owner.key --issuer " DEV_OWNER " --to agent.jwk --agent agent.example \\\n"
                 "    --audience " DEV_SITE " --for 8h --action onboard,read --location " DEV_LOCATION "/bench \\\n"
                 "    --device any --effect until_exp -o agent.poa\n"
                 "  poa verify agent.poa --policy %s/" MAKE_POLICY "\n",
                 d->dir, d->dir);
    (void)printf("  poa key new -o device.key\n"
                 "  poa onboard --server %s --chain agent.poa --key agent.key --location " DEV_LOCATION "/bench \\\n"
                 "    --device manufacturer=Acme,model=XY-1,serial=SN-17 --device-key device.key -o device.pem\n"
                 "  poa revoke --key %s/owner.key --issuer " DEV_OWNER " --chain agent.poa --server %s\n"
                 "\n",
                 d->url, d->dir, d->url);
    (void)fflush(stdout);
}

static int serve_it(dev *d)
{
    char file[PATH_MAX + 32];
    (void)snprintf(file, sizeof file, "%s/" MAKE_CONFIG, d->dir);
    const config_flags flags = {.file = file};
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    const int failed = program_config(d->ctx, &flags, &config);
    if (failed)
        return failed;
    serve_options options = {.config = config, .sockets = {d->socket}, .ready = tell, .ready_arg = d};
    for (size_t i = 1; i < HTTP_LISTENERS_MAX; i++)
        options.sockets[i] = -1;
    return serve(d->ctx, &options);
}

int dev_serve(const poa_ctx *ctx, const char *listen)
{
    dev d = {.ctx = ctx, .socket = -1};
    int failed = open_socket(&d, listen ? listen : DEV_LISTEN);
    if (!failed)
        failed = make_dir(&d);
    if (failed)
        return failed;
    failed = make_files(&d);
    if (!failed)
        failed = serve_it(&d);
    poa_key_free(d.owner);
    remove_all(&d);
    return failed;
}
