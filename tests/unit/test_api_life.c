#include "api_rig.h"

#include "api/event.h"
#include "api/life.h"
#include "cleanup.h"
#include "json.h"
#include "poa/request.h"
#include "span.h"
#include "store/audit.h"
#include "store/certificates.h"
#include "store/events.h"

#include <stdlib.h>
#include <string.h>

enum { THEN = API_RIG_NOW - 1000, END = API_RIG_NOW + 86400, STATES = 7 };

static store_device sample(store_device_state state)
{
    return (store_device){
        .id = rig_uuid(1),
        .state = state,
        .location = POA_SPAN("mine-7/hall-2"),
        .manufacturer = POA_SPAN("Maker"),
        .model = POA_SPAN("XY-1"),
        .serial = POA_SPAN("SN-1"),
        .evidence = POA_EVIDENCE_DEVICE_KEY,
        .leaf = rig_id(700),
        .chain = rig_id(701),
        .effect = POA_EFFECT_UNTIL_EXP,
        .on_revoke = POA_ON_REVOKE_REVIEW,
        .credential_lifetime_s = STORE_NO_LIMIT,
        .key = rig_id(1),
        .created_s = THEN,
        .updated_s = THEN,
        .actor = POA_SPAN("technician.example"),
        .cause = STORE_CAUSE_ONBOARDED,
        .changed_s = THEN,
        .changed_by = POA_SPAN("technician.example"),
        .until_s = state == STORE_DEVICE_REVIEW ? END : 0,
        .due_s = state == STORE_DEVICE_ACTIVE || state == STORE_DEVICE_REVIEW ? END : 0,
        .grace = state == STORE_DEVICE_ACTIVE,
    };
}

/* Two that are valid, one held before already. */
static void add_certificate(store_txn *txn, poa_span serial)
{
    const store_certificate one = {.serial = serial, .device = rig_uuid(1), .issuer = rig_id(9), .not_after_s = END};
    assert_int_equal(store_certificate_add(txn, &one), POA_OK);
}

static void begin(rig *r, store_device_state state)
{
    store_device device = sample(state);
    if (state == STORE_DEVICE_EXPECTED)
        device.leaf = device.chain = device.key = (poa_id){{0}};
    store_txn txn = rig_write(r);
    assert_int_equal(store_device_put(&txn, &device), POA_OK);
    add_certificate(&txn, POA_SPAN("\x01own"));
    add_certificate(&txn, POA_SPAN("\x02old"));
    if (state == STORE_DEVICE_SUSPENDED)
        assert_int_equal(store_certificates_revoke(&txn, &device.id, STORE_REASON_HOLD, THEN), POA_OK);
    rig_commit(&txn);
}

/* The record as it is read in this transaction: what its spans point at is gone with the first put. */
static poa_err move(api_rig *a, rig *r, const api_life_step *step, bool audited)
{
    const store_uuid id = rig_uuid(1);
    store_device device;
    bool found = false;
    store_txn txn = rig_write(r);
    assert_int_equal(store_device_get(&txn, &id, &device, &found), POA_OK);
    assert_true(found);
    if (device.state == STORE_DEVICE_EXPECTED) {
        device.leaf = device.chain = rig_id(700);
        device.key = rig_id(1);
    }
    poa_err err = api_life_move(&a->service, &txn, &device, step);
    if (!err && audited)
        err = api_life_audit(&a->service, &txn, &device, step);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

/* ---- which follows which ---- */

/* From new and the seven states, down, to the seven states, across; x: it may. */
static const char *const matrix[] = {
    "xxx....", /* new */
    ".xx....", /* expected */
    "..x....", /* pending */
    "...xxxx", /* active */
    "..x.xxx", /* review */
    "..x..xx", /* suspended */
    ".......", /* replaced */
    ".......", /* decommissioned */
};

static void every_pair_of_states(void **state)
{
    (void)state;
    for (unsigned from = 0; from <= STATES; from++)
        for (unsigned to = 1; to <= STATES; to++)
            if (api_life_allowed((store_device_state)from, (store_device_state)to) != (matrix[from][to - 1] == 'x'))
                fail_msg("from %u to %u", from, to);
}

static void no_state_at_all(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= STATES + 1; n++) {
        assert_false(api_life_allowed((store_device_state)n, (store_device_state)0));
        assert_false(api_life_allowed((store_device_state)n, (store_device_state)(STATES + 1)));
        assert_false(api_life_allowed((store_device_state)(STATES + 1), (store_device_state)n));
    }
}

static void what_may_follow_is_told(void **state)
{
    (void)state;
    static const struct {
        store_device_state from;
        const char *next;
    } cases[] = {
        {STORE_DEVICE_EXPECTED, "[\"pending\",\"active\"]"},
        {STORE_DEVICE_PENDING, "[\"active\"]"},
        {STORE_DEVICE_ACTIVE, "[\"review\",\"suspended\",\"replaced\",\"decommissioned\"]"},
        {STORE_DEVICE_REVIEW, "[\"active\",\"suspended\",\"replaced\",\"decommissioned\"]"},
        {STORE_DEVICE_SUSPENDED, "[\"active\",\"replaced\",\"decommissioned\"]"},
        {STORE_DEVICE_REPLACED, "[]"},
        {STORE_DEVICE_DECOMMISSIONED, "[]"},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_buf_clear) poa_buf json = {0};
        api_life_next(cases[i].from, &json);
        assert_string_equal(json.text, cases[i].next);
    }
}

/* ---- what goes with a change ---- */

static void read_back(rig *r, store_device **device, store_certificate certificates[2], store_event *event)
{
    const store_uuid id = rig_uuid(1);
    const poa_id issuer = rig_id(9);
    store_txn *txn = rig_read(r);
    store_device found;
    bool is_there = false, gap = false;
    assert_int_equal(store_device_get(txn, &id, &found, &is_there), POA_OK);
    assert_true(is_there);
    assert_int_equal(store_device_copy(&found, device), POA_OK);
    size_t count = 0;
    memset(certificates, 0, 2 * sizeof *certificates);
    assert_int_equal(store_certificates_revoked(txn, &issuer, (poa_span){0}, certificates, 2, &count), POA_OK);
    assert_true(count == 0 || count == 2);
    assert_int_equal(store_event_next(txn, 0, event, &gap, &is_there), POA_OK);
    assert_true(is_there);
    assert_false(gap);
    static char kind[STORE_EVENT_KIND_MAX + 1], data[STORE_EVENT_DATA_MAX + 1], location[64];
    (void)snprintf(kind, sizeof kind, "%.*s", (int)event->kind.len, event->kind.ptr);
    (void)snprintf(data, sizeof data, "%.*s", (int)event->data.len, event->data.ptr);
    (void)snprintf(location, sizeof location, "%.*s", (int)event->location.len, event->location.ptr);
    event->kind = poa_span_of(kind);
    event->data = poa_span_of(data);
    event->location = poa_span_of(location);
    store_event none;
    assert_int_equal(store_event_next(txn, 1, &none, &gap, &is_there), POA_OK);
    assert_false(is_there);
    store_read_end(txn);
}

enum { NOT_LISTED = -1, STEP_UNTIL = API_RIG_NOW + 500, STEP_DUE = API_RIG_NOW + 600 };

static const struct effect {
    const char *name;
    store_device_state from;
    store_device_state to;
    store_device_cause cause;
    const char *kind;
    int listed; /* CRLReason */
    int64_t until_s;
    int64_t due_s;
    int64_t step_due_s;
} effects[] = {
    {"approved", STORE_DEVICE_PENDING, STORE_DEVICE_ACTIVE, STORE_CAUSE_APPROVED, "device.active", NOT_LISTED, 0,
     STEP_DUE, STEP_DUE},
    {"its PoA fell", STORE_DEVICE_ACTIVE, STORE_DEVICE_REVIEW, STORE_CAUSE_POA_REVOKED, "device.review", NOT_LISTED,
     STEP_UNTIL, END, 0},
    {"suspended", STORE_DEVICE_ACTIVE, STORE_DEVICE_SUSPENDED, STORE_CAUSE_REQUESTED, "device.suspended", 6, 0, 0,
     STEP_DUE},
    {"replaced", STORE_DEVICE_ACTIVE, STORE_DEVICE_REPLACED, STORE_CAUSE_REPLACED, "device.replaced", 4, 0, 0, 0},
    {"retired", STORE_DEVICE_ACTIVE, STORE_DEVICE_DECOMMISSIONED, STORE_CAUSE_DECOMMISSIONED, "device.decommissioned",
     5, 0, 0, 0},
    {"ratified", STORE_DEVICE_REVIEW, STORE_DEVICE_ACTIVE, STORE_CAUSE_RATIFIED, "device.ratified", NOT_LISTED, 0, END,
     0},
    {"review ended well", STORE_DEVICE_REVIEW, STORE_DEVICE_ACTIVE, STORE_CAUSE_RESUMED, "device.resumed", NOT_LISTED,
     0, STEP_DUE, STEP_DUE},
    {"review lapsed", STORE_DEVICE_REVIEW, STORE_DEVICE_SUSPENDED, STORE_CAUSE_REVIEW_LAPSED, "device.suspended", 6, 0,
     0, 0},
    {"replaced in review", STORE_DEVICE_REVIEW, STORE_DEVICE_REPLACED, STORE_CAUSE_REPLACED, "device.replaced", 4, 0, 0,
     0},
    {"retired in review", STORE_DEVICE_REVIEW, STORE_DEVICE_DECOMMISSIONED, STORE_CAUSE_DECOMMISSIONED,
     "device.decommissioned", 5, 0, 0, 0},
    {"resumed", STORE_DEVICE_SUSPENDED, STORE_DEVICE_ACTIVE, STORE_CAUSE_RESUMED, "device.resumed", NOT_LISTED, 0,
     STEP_DUE, STEP_DUE},
    {"replaced while held", STORE_DEVICE_SUSPENDED, STORE_DEVICE_REPLACED, STORE_CAUSE_REPLACED, "device.replaced", 4,
     0, 0, 0},
    {"retired while held", STORE_DEVICE_SUSPENDED, STORE_DEVICE_DECOMMISSIONED, STORE_CAUSE_DECOMMISSIONED,
     "device.decommissioned", 5, 0, 0, 0},
    {"it came", STORE_DEVICE_EXPECTED, STORE_DEVICE_PENDING, STORE_CAUSE_AWAITS_APPROVAL, "device.pending", NOT_LISTED,
     STEP_UNTIL, 0, STEP_DUE},
};

static void assert_member(const json_t *data, const char *name, const char *value)
{
    const char *got = json_string_value(json_object_get(data, name));
    if (!got || strcmp(got, value) != 0)
        fail_msg("%s: %s, not %s", name, got ? got : "absent", value);
}

static void assert_event(const struct effect *c, const store_event *event)
{
    assert_true(poa_span_is(event->kind, c->kind));
    assert_true(event->time_s == API_RIG_NOW);
    assert_true(poa_span_is(event->location, "mine-7/hall-2"));
    const store_uuid id = rig_uuid(1);
    assert_memory_equal(event->device.bytes, id.bytes, sizeof id.bytes);
    POA_CLEANUP(poa_json_decrefp) json_t *data = NULL;
    assert_int_equal(poa_json_parse(event->data, &data), POA_OK);
    assert_member(data, "cause", store_device_cause_name(c->cause));
    assert_member(data, "by", "a \"foreman\"");
    assert_member(data, "from", store_device_state_name(c->from));
    assert_member(data, "reason", "smoke");
    assert_member(data, "poa_id", poa_id_print(&(poa_id){{7}}).chars);
    assert_int_equal(json_integer_value(json_object_get(data, "until")), c->until_s);
    assert_int_equal(json_integer_value(json_object_get(data, "due")), c->due_s);
}

static void assert_effect(const struct effect *c, rig *r)
{
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    store_certificate listed[2];
    store_event event;
    read_back(r, &device, listed, &event);
    assert_int_equal(device->state, c->to);
    assert_int_equal(device->cause, c->cause);
    assert_true(poa_span_is(device->changed_by, "a \"foreman\""));
    assert_true(device->changed_s == API_RIG_NOW - 1 && device->updated_s == API_RIG_NOW - 1);
    assert_true(device->created_s == THEN && poa_span_is(device->serial, "SN-1"));
    assert_true(device->until_s == c->until_s && device->due_s == c->due_s);
    assert_false(device->grace);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(listed[i].revoked_s > 0, c->listed != NOT_LISTED);
        if (c->listed != NOT_LISTED)
            assert_int_equal(listed[i].reason, c->listed);
    }
    assert_event(c, &event);
}

static void each_change_has_its_effects(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(effects); i++) {
        const struct effect *c = &effects[i];
        void *own = NULL;
        assert_int_equal(rig_setup(&own), 0);
        rig *r = own;
        api_rig a;
        api_rig_begin(&a, r, "");
        begin(r, c->from);
        const poa_id poa = {{7}};
        const api_life_step step = {.to = c->to,
                                    .cause = c->cause,
                                    .by = POA_SPAN("a \"foreman\""),
                                    .now_s = API_RIG_NOW - 1,
                                    .reason = POA_SPAN("smoke"),
                                    .until_s = STEP_UNTIL,
                                    .due_s = c->step_due_s,
                                    .poa = &poa};
        print_message("# %s\n", c->name);
        assert_int_equal(move(&a, r, &step, false), POA_OK);
        assert_effect(c, r);
        api_rig_end(&a);
        assert_int_equal(rig_teardown(&own), 0);
    }
}

static void an_impossible_change_changes_nothing(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    begin(r, STORE_DEVICE_ACTIVE);
    for (unsigned to = 0; to <= STATES + 1; to++) {
        if (api_life_allowed(STORE_DEVICE_ACTIVE, (store_device_state)to))
            continue;
        const api_life_step step = {.to = (store_device_state)to,
                                    .cause = STORE_CAUSE_REQUESTED,
                                    .by = POA_SPAN("server"),
                                    .now_s = API_RIG_NOW};
        assert_int_equal(move(&a, r, &step, false), POA_F_USAGE);
    }
    store_txn *txn = rig_read(r);
    uint64_t last = 1, change = 1;
    assert_int_equal(store_event_last(txn, &last), POA_OK);
    assert_int_equal(store_crl_change(txn, &change), POA_OK);
    assert_true(last == 0 && change == 0);
    store_read_end(txn);
    api_rig_end(&a);
}

static void a_reason_has_a_bound(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    begin(r, STORE_DEVICE_ACTIVE);
    char reason[API_LIFE_REASON_MAX + 1];
    memset(reason, 'x', sizeof reason);
    api_life_step step = {.to = STORE_DEVICE_SUSPENDED,
                          .cause = STORE_CAUSE_REQUESTED,
                          .by = POA_SPAN("server"),
                          .now_s = API_RIG_NOW,
                          .reason = {reason, sizeof reason}};
    assert_int_equal(move(&a, r, &step, false), POA_F_USAGE);
    step.reason.len--;
    assert_int_equal(move(&a, r, &step, false), POA_OK);
    api_rig_end(&a);
}

static void a_life_begins(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    const api_life_step step = {.to = STORE_DEVICE_PENDING,
                                .cause = STORE_CAUSE_AWAITS_APPROVAL,
                                .by = POA_SPAN("a \"foreman\""),
                                .now_s = API_RIG_NOW - 1,
                                .until_s = STEP_UNTIL};
    store_device device = sample((store_device_state)0);
    device.request = POA_SPAN("a CSR");
    store_txn txn = rig_write(r);
    assert_int_equal(api_life_move(&a.service, &txn, &device, &step), POA_F_USAGE);
    assert_int_equal(api_life_begin(&a.service, &txn, &device, &step), POA_OK);
    assert_int_equal(device.state, STORE_DEVICE_PENDING);
    /* Another record with the same serial. */
    store_device twin = sample((store_device_state)0);
    twin.id = rig_uuid(2);
    twin.key = rig_id(2);
    assert_int_equal(api_life_begin(&a.service, &txn, &twin, &step), POA_E_DEVICE_EXISTS);
    rig_commit(&txn);

    POA_CLEANUP(poa_freep) store_device *stored = NULL;
    store_certificate listed[2];
    store_event event;
    read_back(r, &stored, listed, &event);
    assert_true(poa_span_is(event.kind, "device.pending"));
    assert_null(strstr(event.data.ptr, "\"from\""));
    assert_true(stored->until_s == STEP_UNTIL && poa_span_is(stored->request, "a CSR"));
    api_rig_end(&a);
}

static void what_the_server_does_is_audited(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    begin(r, STORE_DEVICE_REVIEW);
    const poa_id poa = rig_id(700);
    const api_life_step step = {.to = STORE_DEVICE_SUSPENDED,
                                .cause = STORE_CAUSE_REVIEW_LAPSED,
                                .by = POA_SPAN("server"),
                                .now_s = API_RIG_NOW,
                                .poa = &poa};
    assert_int_equal(move(&a, r, &step, true), POA_OK);
    store_txn *txn = rig_read(r);
    store_audit_entry entry;
    bool found = false;
    assert_int_equal(store_audit_get(txn, 1, &entry, &found), POA_OK);
    assert_true(found);
    assert_true(poa_span_is(entry.kind, "device.suspended"));
    assert_true(poa_span_is(entry.reason, "{\"cause\":\"review_lapsed\",\"by\":\"server\"}"));
    assert_true(entry.time_s == API_RIG_NOW && entry.code == POA_OK && entry.has_device);
    const store_uuid id = rig_uuid(1);
    assert_memory_equal(entry.device.bytes, id.bytes, sizeof id.bytes);
    assert_int_equal(entry.poa_count, 1);
    assert_true(poa_id_equal(&entry.poas[0], &poa));
    assert_false(store_id_is_none(&entry.policy));
    store_read_end(txn);
    api_rig_end(&a);
}

/* ---- events ---- */

static void note_wake(void *arg)
{
    ++*(unsigned *)arg;
}

static void who_waits_for_events_is_woken(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    unsigned woken = 0;
    api_events_wake(&a.service);
    a.service.events_wake = note_wake;
    a.service.events_wake_arg = &woken;
    api_events_wake(&a.service);
    assert_int_equal(woken, 1);
    api_rig_end(&a);
}

static void an_event_of_no_device(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    store_txn txn = rig_write(r);
    assert_int_equal(api_event(&a.service, &txn, "trust.spread", NULL, "\"days\":%d,\"on\":\"%s\"", 7, "all"), POA_OK);
    assert_int_equal(api_event(&a.service, &txn, "trust.silence", NULL, NULL), POA_OK);
    rig_commit(&txn);
    store_txn *read = rig_read(r);
    store_event event;
    bool gap = false, found = false;
    const store_uuid none = {{0}};
    assert_int_equal(store_event_next(read, 0, &event, &gap, &found), POA_OK);
    assert_true(found && event.id == 1 && event.time_s == API_RIG_NOW && event.location.len == 0);
    assert_memory_equal(event.device.bytes, none.bytes, sizeof none.bytes);
    assert_true(poa_span_is(event.kind, "trust.spread"));
    assert_true(poa_span_is(event.data, "{\"days\":7,\"on\":\"all\"}"));
    assert_int_equal(store_event_next(read, 1, &event, &gap, &found), POA_OK);
    assert_true(found && event.id == 2 && event.data.len == 0);
    store_read_end(read);
    api_rig_end(&a);
}

static void an_event_that_does_not_fit(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, "");
    store_txn txn = rig_write(r);
    assert_int_equal(api_event(&a.service, &txn, "trust.spread", NULL, "\"x\":\"%*s\"", STORE_EVENT_DATA_MAX, ""),
                     POA_F_USAGE);
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"x\":\"%*s\"", STORE_EVENT_DATA_MAX, "");
    assert_int_equal(api_event_members(&a.service, &txn, "trust.spread", NULL, &members), POA_F_USAGE);
    members.failed = true;
    assert_int_equal(api_event_members(&a.service, &txn, "trust.spread", NULL, &members), POA_F_NOMEM);
    store_write_abort(&txn);
    api_rig_end(&a);
}

#define IN_A_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_states),
        cmocka_unit_test(no_state_at_all),
        cmocka_unit_test(what_may_follow_is_told),
        cmocka_unit_test(each_change_has_its_effects),
        IN_A_STORE(an_impossible_change_changes_nothing),
        IN_A_STORE(a_reason_has_a_bound),
        IN_A_STORE(a_life_begins),
        IN_A_STORE(what_the_server_does_is_audited),
        IN_A_STORE(who_waits_for_events_is_woken),
        IN_A_STORE(an_event_of_no_device),
        IN_A_STORE(an_event_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
