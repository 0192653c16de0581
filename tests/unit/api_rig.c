#include "api_rig.h"

#include "buf.h"
#include "cleanup.h"
#include "poa/key.h"
#include "span.h"

#include <semaphore.h>
#include <stdlib.h>

static int64_t now(void *arg)
{
    const api_rig *a = arg;
    return atomic_load(&a->now_s);
}

static void count_line(void *arg, poa_span line)
{
    api_rig *a = arg;
    (void)line;
    atomic_fetch_add(&a->lines, 1);
}

static bool count_up(void *self, uint8_t *out, size_t len)
{
    static atomic_uint counter;
    (void)self;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(atomic_fetch_add(&counter, 1) * 167);
    return true;
}

static void add(poa_buf *b, const char *text)
{
    for (; *text; text++)
        poa_buf_add(b, *text == '\'' ? POA_SPAN("\"") : (poa_span){text, 1});
}

static poa_policy *make_policy(const poa_ctx *ctx, const char *members)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_key *owner = NULL;
    assert_int_equal(poa_key_generate(ctx, POA_ALG_ES256, &owner), POA_OK);
    add(&b, "{'version':1,'resource_owner':'mine.example','owners':[{'iss':'owner.example','keys':[{'jwk':");
    poa_buf_text(&b, poa_key_jwk(owner));
    add(&b, "}],'powers':[{'type':'device_onboarding','actions':['onboard','read'],'locations':['mine-7'],"
            "'devices':[{'any':true}]}]}]");
    add(&b, members);
    add(&b, "}");
    poa_key_free(owner);
    poa_policy *policy = NULL;
    poa_reason why = {0};
    if (poa_policy_parse(ctx, poa_buf_span(&b), NULL, &policy, &why))
        fail_msg("policy: %s at %s", poa_err_name(why.code), why.member);
    return policy;
}

void api_rig_begin(api_rig *a, rig *r, const char *members)
{
    *a = (api_rig){.service = {.ctx = r->ctx,
                               .store = r->s,
                               .random = {.fill = count_up},
                               .now_s = now,
                               .now_arg = a,
                               .log = count_line,
                               .log_arg = a}};
    atomic_store(&a->now_s, API_RIG_NOW);
    api_snapshot *snapshot = calloc(1, sizeof *snapshot);
    assert_non_null(snapshot);
    atomic_store(&snapshot->refs, 1);
    snapshot->policy = make_policy(r->ctx, members);
    assert_int_equal(api_slot_new(&a->service.slot), POA_OK);
    api_slot_set(a->service.slot, snapshot);
    const store_writer_options options = {.probe_ms = 10};
    assert_int_equal(store_writer_start(r->s, &options, &a->service.writer), POA_OK);
}

void api_rig_end(api_rig *a)
{
    store_writer_stop(a->service.writer);
    api_slot_free(a->service.slot);
}

struct job {
    store_op op;
    sem_t done;
    poa_err err;
};

static void finish(store_op *op, poa_err err)
{
    struct job *job = (struct job *)(void *)op;
    job->err = err;
    (void)sem_post(&job->done);
}

poa_err api_rig_write(api_rig *a, poa_err (*apply)(store_op *op, store_txn *txn))
{
    struct job job = {.op = {.apply = apply, .done = finish}};
    assert_int_equal(sem_init(&job.done, 0, 0), 0);
    assert_true(store_writer_submit(a->service.writer, &job.op));
    while (sem_wait(&job.done) != 0)
        continue;
    (void)sem_destroy(&job.done);
    return job.err;
}
