#include "store_device_rig.h"

#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "poa/request.h"
#include "poa/statement.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/meta.h"
#include "store/record.h"
#include "store/walks.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A store of an older format is brought forward, whole or not at all. */

/* The tables of format 1. */
static const char *const tables_1[] = {
    "meta",           "texts",         "poas",    "poa_children",      "statements",      "statement_targets",
    "statement_jtis", "statement_ids", "devices", "device_identities", "device_requests", "device_locations",
    "device_leaves",  "quotas",        "nonces",  "commits",           "expiries",        "audit",
};

/* The key in a made-up certificate of a CA: what its SHA-256 is taken over. */
static const poa_span ca_key = POA_SPAN_INIT("\x30\x06\x03\x04\0key");

/* A certificate as far as the store looks: SEQUENCE { SEQUENCE { [0], INTEGER, SEQUENCE * 4, key } }; with a body of
 * more than 127 bytes, so that lengths have two forms. */
static void write_ca_certificate(poa_buf *b, bool with_version)
{
    static const char filler[100];
    POA_CLEANUP(poa_buf_clear) poa_buf tbs = {0};
    if (with_version)
        poa_buf_add(&tbs, POA_SPAN("\xa0\x03\x02\x01\x02"));
    poa_buf_add(&tbs, POA_SPAN("\x02\x01\x07"));   /* serialNumber */
    poa_buf_add(&tbs, POA_SPAN("\x30\x02\x05\0")); /* signature */
    poa_buf_add(&tbs, POA_SPAN("\x30\x64"));       /* issuer */
    poa_buf_add(&tbs, (poa_span){filler, sizeof filler});
    poa_buf_add(&tbs, POA_SPAN("\x30\x02\x05\0\x30\x02\x05\0")); /* validity, subject */
    poa_buf_add(&tbs, ca_key);
    poa_buf_add(&tbs, POA_SPAN("\xa3\x02\x30\0")); /* extensions */
    assert_true(tbs.len < 256);
    const char tbs_header[] = {'\x30', '\x81', (char)tbs.len};
    const size_t len = sizeof tbs_header + tbs.len;
    const char header[] = {'\x30', '\x82', (char)(len >> 8), (char)len};
    poa_buf_add(b, (poa_span){header, sizeof header});
    poa_buf_add(b, (poa_span){tbs_header, sizeof tbs_header});
    poa_buf_add(b, poa_buf_span(&tbs));
    assert_false(b->failed);
}

/* A device as format 1 wrote it. */
static void write_device_1(poa_buf *b, const store_device *d)
{
    store_write_u8(b, 1);
    store_write_u8(b, d->state);
    store_write_text(b, d->location);
    store_write_text(b, d->manufacturer);
    store_write_text(b, d->model);
    store_write_text(b, d->serial);
    store_write_text(b, d->id_link);
    store_write_u8(b, d->evidence);
    store_write_id(b, &d->leaf);
    store_write_id(b, &d->chain);
    store_write_u32(b, d->power);
    store_write_u8(b, (uint64_t)d->effect + 1);
    store_write_u8(b, (uint64_t)d->on_revoke + 1);
    store_write_u64(b, (uint64_t)d->credential_lifetime_s);
    store_write_id(b, &d->key);
    store_write_u8(b, d->certificate_count);
    for (size_t i = 0; i < d->certificate_count; i++)
        store_write_blob(b, d->certificates[i]);
    store_write_bytes(b, d->certificate_serial);
    store_write_time(b, d->not_after_s);
    store_write_time(b, d->created_s);
    store_write_time(b, d->updated_s);
    store_write_text(b, d->actor);
    assert_false(b->failed);
}

enum { DEVICES = 40, PAGE = 4096 };

/* A database under construction, without our code: format 1 has none any more. */
typedef struct raw {
    MDB_env *env;
    MDB_txn *txn;
} raw;

static raw raw_open(const rig *r)
{
    raw w;
    assert_int_equal(mdb_env_create(&w.env), 0);
    assert_int_equal(mdb_env_set_maxdbs(w.env, 64), 0);
    assert_int_equal(mdb_env_set_mapsize(w.env, 64 << 20), 0);
    assert_int_equal(mdb_env_open(w.env, r->dir, MDB_NOTLS, 0600), 0);
    assert_int_equal(mdb_txn_begin(w.env, NULL, 0, &w.txn), 0);
    return w;
}

static void raw_close(raw *w)
{
    assert_int_equal(mdb_txn_commit(w->txn), 0);
    mdb_env_close(w->env);
}

static void raw_put(raw *w, const char *table, poa_span key, poa_span value)
{
    char key_bytes[STORE_KEY_BYTES_MAX];
    char value_bytes[4096];
    assert_true(key.len <= sizeof key_bytes && value.len <= sizeof value_bytes);
    memcpy(key_bytes, key.ptr, key.len);
    if (value.len > 0)
        memcpy(value_bytes, value.ptr, value.len);
    MDB_dbi dbi;
    MDB_val k = {key.len, key_bytes};
    MDB_val v = {value.len, value_bytes};
    assert_int_equal(mdb_dbi_open(w->txn, table, MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(w->txn, dbi, &k, &v, 0), 0);
}

static unsigned raw_format(const rig *r)
{
    raw w = raw_open(r);
    MDB_dbi dbi;
    char name[] = "format";
    MDB_val k = {sizeof name - 1, name};
    MDB_val v;
    assert_int_equal(mdb_dbi_open(w.txn, "meta", 0, &dbi), 0);
    assert_int_equal(mdb_get(w.txn, dbi, &k, &v), 0);
    assert_int_equal(v.mv_size, 4);
    const unsigned char *bytes = v.mv_data;
    const unsigned number = bytes[3];
    assert_memory_equal(bytes, "\0\0\0", 3);
    mdb_txn_abort(w.txn);
    mdb_env_close(w.env);
    return number;
}

static void fill_meta_1(raw *w)
{
    static const char zeros[41] = {1};
    raw_put(w, "meta", POA_SPAN("format"), POA_SPAN("\0\0\0\1"));
    raw_put(w, "meta", POA_SPAN("store"), POA_SPAN("\1store-id-16bytes"));
    raw_put(w, "meta", POA_SPAN("epoch"), POA_SPAN("\1\0\0\0\0\0\0\0\7"));
    raw_put(w, "meta", POA_SPAN("time"), POA_SPAN("\1\0\0\0\0\0\0\0\x63"));
    raw_put(w, "meta", POA_SPAN("audit"), (poa_span){zeros, sizeof zeros});
}

/* A statement of epoch 5, which did nothing to devices yet. */
static void fill_statement_1(raw *w)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const poa_id ids[] = {rig_id(1), rig_id(700), rig_id(2)};
    store_write_u8(&b, 1);
    store_write_id(&b, &ids[0]);
    store_write_u8(&b, POA_OP_REVOKE + 1);
    store_write_u8(&b, POA_TARGET_POA + 1);
    store_write_id(&b, &ids[1]);
    store_write_text(&b, (poa_span){0});
    store_write_text(&b, POA_SPAN("a-jti"));
    store_write_id(&b, &ids[2]);
    store_write_blob(&b, (poa_span){0});
    store_write_time(&b, 55);
    store_write_time(&b, 0);
    store_write_blob(&b, POA_SPAN("a.b.c"));
    assert_false(b.failed);
    raw_put(w, "statements", POA_SPAN("\0\0\0\0\0\0\0\5"), poa_buf_span(&b));
}

/* What device n is, as far as format 1 could say it. */
static store_device device_1(unsigned n, poa_span ca)
{
    static char serials[DEVICES][3];
    const store_device sample = device_sample(n);
    serials[n][0] = 1;
    serials[n][2] = (char)n;
    return (store_device){
        .id = sample.id,
        .state = STORE_DEVICE_ACTIVE,
        .location = sample.location,
        .manufacturer = sample.manufacturer,
        .model = sample.model,
        .serial = n < 32 ? sample.serial : (poa_span){0},
        .id_link = n % 2 == 0 && n < 32 ? sample.id_link : (poa_span){0},
        .evidence = POA_EVIDENCE_DEVICE_KEY,
        .leaf = rig_id(700 + n % 3),
        .chain = sample.chain,
        .power = sample.power,
        .effect = sample.effect,
        .on_revoke = sample.on_revoke,
        .credential_lifetime_s = sample.credential_lifetime_s,
        .key = sample.key,
        .certificates = {POA_SPAN("own"), ca},
        .certificate_count = 2,
        .certificate_serial = {serials[n], sizeof serials[n]},
        .not_after_s = 9000,
        .created_s = 1000 + n,
        .updated_s = 2000,
        .actor = sample.actor,
    };
}

/* Make the store of the rig one of format 1. */
static void make_format_1(rig *r, poa_span ca)
{
    rig_close(r);
    rig_remove(r->dir);
    assert_int_equal(mkdir(r->dir, 0700), 0);
    raw w = raw_open(r);
    for (size_t i = 0; i < POA_COUNT(tables_1); i++) {
        MDB_dbi dbi;
        assert_int_equal(mdb_dbi_open(w.txn, tables_1[i], MDB_CREATE, &dbi), 0);
    }
    fill_meta_1(&w);
    fill_statement_1(&w);
    for (unsigned n = 0; n < DEVICES; n++) {
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        const store_device device = device_1(n, ca);
        write_device_1(&b, &device);
        raw_put(&w, "devices", (poa_span){(const char *)device.id.bytes, sizeof device.id.bytes}, poa_buf_span(&b));
    }
    raw_put(&w, "device_identities", POA_SPAN("an index of then"), POA_SPAN("whatever"));
    raw_put(&w, "quotas", POA_SPAN("kept"), POA_SPAN("as it is"));
    raw_close(&w);
}

static void assert_migrated(rig *r, unsigned n, poa_span ca, const poa_id *issuer)
{
    store_device want = device_1(n, ca);
    want.cause = STORE_CAUSE_ONBOARDED;
    want.changed_s = want.created_s;
    want.changed_by = want.actor;
    want.came_leaf = want.leaf;
    want.came_key = want.key;
    want.link_evidence = want.id_link.len > 0 ? STORE_LINK_TYPED : STORE_LINK_NONE;

    store_txn txn = rig_write(r);
    store_device got;
    bool found = false;
    assert_int_equal(store_device_by_request(&txn, &want.leaf, &want.key, &got, &found), POA_OK);
    assert_true(found);
    assert_same_device(&got, &want);

    /* Its certificate can be barred. */
    store_certificate revoked;
    size_t count = 0;
    assert_int_equal(store_certificates_revoke(&txn, &want.id, 4, 3000), POA_OK);
    assert_int_equal(store_certificates_revoked(&txn, issuer, (poa_span){0}, &revoked, 1, &count), POA_OK);
    assert_int_equal(count, 1);
    assert_int_equal(revoked.serial.len, want.certificate_serial.len);
    assert_memory_equal(revoked.serial.ptr, want.certificate_serial.ptr, revoked.serial.len);
    assert_true(store_uuid_equal(&revoked.device, &want.id));
    assert_int_equal(revoked.not_after_s, want.not_after_s);
    store_write_abort(&txn);
}

static void assert_whole(rig *r, poa_span ca)
{
    poa_id issuer;
    assert_int_equal(poa_sha256(r->ctx, ca_key, &issuer), POA_OK);
    for (unsigned n = 0; n < DEVICES; n++)
        assert_migrated(r, n, ca, &issuer);
    assert_int_equal(table_entries(r, STORE_DEVICES), DEVICES);
    assert_int_equal(table_entries(r, STORE_DEVICE_STATES), DEVICES);
    assert_int_equal(table_entries(r, STORE_DEVICE_LEAVES), DEVICES);
    assert_int_equal(table_entries(r, STORE_DEVICE_IDENTITIES), DEVICES + 32 + 16); /* keys, serials, links */
    assert_int_equal(table_entries(r, STORE_DEVICE_DUE), 0);
    assert_int_equal(table_entries(r, STORE_CERTIFICATES), DEVICES);
    assert_int_equal(table_entries(r, STORE_EXPIRIES), DEVICES);
    assert_int_equal(table_entries(r, STORE_QUOTAS), 1);

    store_txn *txn = rig_read(r);
    uint64_t number = 0;
    int64_t time_s = 0;
    store_spread spread;
    store_walk walk;
    bool walks = false;
    assert_int_equal(store_walk_next(txn, 0, &walk, &walks), POA_OK);
    assert_true(walks);
    assert_int_equal(walk.epoch, 5);
    assert_int_equal(walk.started_s, 55);
    assert_true(store_id_is_none(&walk.leaf));
    assert_int_equal(store_device_count(txn, STORE_DEVICE_ACTIVE, &number), POA_OK);
    assert_int_equal(number, DEVICES);
    assert_int_equal(store_epoch(txn, &number), POA_OK);
    assert_int_equal(number, 7);
    assert_int_equal(store_event_last(txn, &number), POA_OK);
    assert_int_equal(number, 0);
    assert_int_equal(store_crl_change(txn, &number), POA_OK);
    assert_int_equal(number, 0);
    assert_int_equal(store_ready_s(txn, &time_s), POA_OK);
    assert_int_equal(time_s, 0);
    assert_int_equal(store_spread_get(txn, &spread), POA_OK);
    store_read_end(txn);
    assert_memory_equal(store_id(r->s).bytes, "store-id-16bytes", 16);
}

static void format_1_is_brought_forward(void **state)
{
    rig *r = *state;
    for (int with_version = 0; with_version < 2; with_version++) {
        POA_CLEANUP(poa_buf_clear) poa_buf ca = {0};
        write_ca_certificate(&ca, with_version == 1);
        make_format_1(r, poa_buf_span(&ca));
        assert_int_equal(raw_format(r), 1);
        rig_open(r, 0);
        assert_whole(r, poa_buf_span(&ca));
        rig_close(r);
        assert_int_equal(raw_format(r), 2);
        rig_open(r, 0); /* and nothing is done twice */
        assert_whole(r, poa_buf_span(&ca));
    }
}

/* What became of a process that migrates while no file may be written behind a place: a write that begins there kills
 * it, one that goes on to there comes out short. */
enum { MIGRATED = 0, REFUSED = 3, KILLED = 4 };

static int migrate_within(rig *r, off_t bytes)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};
        (void)signal(SIGXFSZ, SIG_DFL);
        char why[STORE_WHY_BYTES];
        store *s = NULL;
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        _exit(rig_try_open(r, 0, &s, why) == POA_OK ? MIGRATED : REFUSED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    assert_int_equal(WTERMSIG(status), SIGXFSZ);
    return KILLED;
}

/* Killed at ever later writes of its commit, until one comes through. */
static void a_kill_leaves_the_older_format_whole(void **state)
{
    rig *r = *state;
    POA_CLEANUP(poa_buf_clear) poa_buf ca = {0};
    write_ca_certificate(&ca, true);
    make_format_1(r, poa_buf_span(&ca));
    unsigned kills = 0;
    int became;
    for (off_t bytes = 4 * PAGE; (became = migrate_within(r, bytes)) != MIGRATED; bytes += PAGE) {
        assert_true(became == KILLED || became == REFUSED);
        kills += became == KILLED;
        assert_int_equal(raw_format(r), 1);
    }
    assert_true(kills > 3);
    assert_int_equal(raw_format(r), 2);
    rig_open(r, 0);
    assert_whole(r, poa_buf_span(&ca));
}

/* A record that cannot be brought forward stops it: nothing is guessed, and nothing is changed. */
static void what_cannot_be_read_stays(void **state)
{
    rig *r = *state;
    static const poa_span certificates[] = {
        POA_SPAN_INIT("x"),                                                          /* no DER */
        POA_SPAN_INIT("\x30\x80"),                                                   /* without a length */
        POA_SPAN_INIT("\x30\x05\x30\x03\x02\x01\x07"),                               /* it ends before the key */
        POA_SPAN_INIT("\x30\x84\0\0\0\1\x30"),                                       /* a length of four bytes */
        POA_SPAN_INIT("\x30\x81"),                                                   /* half a length */
        POA_SPAN_INIT("\x30\x02\x30\x05"),                                           /* longer than what is around it */
        POA_SPAN_INIT("\x30\x12\x30\x10\x02\0\x02\0\x02\0\x02\0\x02\0\x02\x04keys"), /* the key is none */
    };
    for (size_t i = 0; i < POA_COUNT(certificates); i++) {
        make_format_1(r, certificates[i]);
        char why[STORE_WHY_BYTES];
        store *s = NULL;
        if (rig_try_open(r, 0, &s, why) != POA_F_STORE)
            fail_msg("certificate %zu", i);
        assert_int_equal(raw_format(r), 1);
    }
    rig_remove(r->dir);
    rig_open(r, 0);
}

static void a_broken_record_stops_it(void **state)
{
    rig *r = *state;
    POA_CLEANUP(poa_buf_clear) poa_buf ca = {0};
    write_ca_certificate(&ca, true);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const store_device last = device_1(DEVICES - 1, poa_buf_span(&ca));
    write_device_1(&b, &last);
    const poa_span key = {(const char *)last.id.bytes, sizeof last.id.bytes};
    for (size_t cut = 0; cut < b.len; cut += 7) {
        make_format_1(r, poa_buf_span(&ca));
        raw w = raw_open(r);
        raw_put(&w, "devices", key, (poa_span){b.text, cut});
        raw_close(&w);
        char why[STORE_WHY_BYTES];
        store *s = NULL;
        assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
        assert_true(strlen(why) > 0);
        assert_int_equal(raw_format(r), 1);
    }
    rig_remove(r->dir);
    rig_open(r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(format_1_is_brought_forward, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_kill_leaves_the_older_format_whole, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_stays, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_broken_record_stops_it, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_migrate", tests, NULL, NULL);
}
