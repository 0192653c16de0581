#include "api/source.h"

#include "store/statements.h"

/* Hands each stored statement on as a record of the library. */
struct walk {
    poa_record_fn fn;
    void *arg;
};

static poa_err visit(void *ctx, const store_statement *s)
{
    const struct walk *w = ctx;
    const poa_record record = {.statement = s->text, .reach = s->reach, .epoch = s->epoch, .accepted_s = s->accepted_s};
    return w->fn(w->arg, &record);
}

static poa_err age(void *self, int64_t now_s, int64_t *age_s)
{
    (void)self;
    (void)now_s;
    *age_s = 0;
    return POA_OK;
}

static poa_err on_poa(void *self, const poa_id *poa, const poa_signers *by, poa_record_fn fn, void *arg)
{
    struct walk w = {fn, arg};
    return store_statement_each_on(self, POA_TARGET_POA, poa, by, visit, &w);
}

static poa_err on_key(void *self, const poa_id *key, const poa_signers *by, poa_record_fn fn, void *arg)
{
    struct walk w = {fn, arg};
    return store_statement_each_on(self, POA_TARGET_KEY, key, by, visit, &w);
}

static poa_err on_hold(void *self, poa_span hold, const poa_signers *by, poa_record_fn fn, void *arg)
{
    struct walk w = {fn, arg};
    return store_statement_each_lifting(self, hold, by, visit, &w);
}

poa_revocation_source api_source_of(store_txn *txn)
{
    return (poa_revocation_source){.self = txn, .age = age, .on_poa = on_poa, .on_key = on_key, .on_hold = on_hold};
}
