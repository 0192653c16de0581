#include "change.h"
#include "cleanup.h"
#include "machine.h"
#include "offline.h"

#include <stdio.h>

static const char doc[] =
    "Set the latest time that the server acted on to now. While its clock is behind that time, the server refuses "
    "every chain (clock_unsure). Reset it once, when the clock has run ahead and was set right; what was revoked stays "
    "revoked. It is noted in the audit. The server must not run.\v"
    "Example:\n"
    "  poa-authz-server reset-clock-mark --config /etc/poa/site.json";

static void stop_writer(store_writer **writer)
{
    store_writer_stop(*writer);
}

int verb_reset_clock_mark(const poa_ctx *ctx, int argc, char **argv)
{
    config_flags flags = {0};
    offline_parse(doc, argc, argv, &flags);
    machine_prepare(false);
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    POA_CLEANUP(offline_closep) store *s = NULL;
    POA_CLEANUP(stop_writer) store_writer *writer = NULL;
    int failed = program_config(ctx, &flags, &config);
    if (!failed)
        failed = offline_open(ctx, config, &s);
    if (failed)
        return failed;

    const int64_t now_s = machine_now_s(NULL);
    int64_t before_s = 0;
    poa_err err = store_writer_start(s, &(store_writer_options){0}, &writer);
    if (!err)
        err = change_mark_reset(writer, now_s, &before_s);
    if (err)
        return program_fault("the mark cannot be set: %s", poa_err_describe(err)->condition);
    (void)printf("{\"from\":%lld,\"to\":%lld}\n", (long long)before_s, (long long)now_s);
    return SERVER_OK;
}
