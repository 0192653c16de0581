#include "test.h"

#include "cleanup.h"
#include "http/stream.h"
#include "http_rig.h"
#include "span.h"

#include <curl/curl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A self-signed certificate for 127.0.0.1, its own authority. */
typedef struct pair {
    char certificate[2048];
    char key[1024];
} pair;

static pair first;
static pair second;

static void take_text(BIO *bio, char *out, size_t cap)
{
    const int len = BIO_read(bio, out, (int)cap - 1);
    assert_true(len > 0);
    out[len] = '\0';
    BIO_free(bio);
}

static void make_pair(pair *out, long serial)
{
    EVP_PKEY *const key = EVP_EC_gen("P-256");
    X509 *const certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME *const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"loopback", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *const names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);

    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(text, certificate), 1);
    take_text(text, out->certificate, sizeof out->certificate);
    text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL), 1);
    take_text(text, out->key, sizeof out->key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static http_tls tls_of(const char *certificate, const char *key)
{
    return (http_tls){poa_span_of(certificate), poa_span_of(key)};
}

static atomic_size_t received;
static atomic_bool header_seen;

static size_t see_header(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    atomic_store(&header_seen, true);
    return size * count;
}

static size_t drop(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    atomic_fetch_add(&received, size * count);
    return size * count;
}

/* The status of one request over a connection of its own, trusting this certificate alone; 0: it is not trusted. */
static unsigned ask(const rig *r, const pair *trusted, const char *path, const char *body, long version)
{
    char url[128];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u%s", http_server_address(r->server, 0)->port, path);
    union {
        const char *in;
        void *out;
    } text = {.in = trusted->certificate};
    struct curl_blob anchor = {text.out, strlen(trusted->certificate), CURL_BLOB_NOCOPY};
    long status = 0;

    CURL *const curl = curl_easy_init();
    assert_non_null(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &anchor);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, see_header);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 5L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, version);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        assert_true(code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR);
    curl_easy_cleanup(curl);
    return (unsigned)status;
}

static void start(rig *r)
{
    rig_init(r);
    r->listeners[0].tls = tls_of(first.certificate, first.key);
    rig_start(r);
}

static void handshakes(void **state)
{
    (void)state;
    rig r;
    start(&r);
    assert_int_equal(ask(&r, &first, "/healthz", NULL, CURL_SSLVERSION_TLSv1_3), 200);
    assert_int_equal(ask(&r, &first, "/any", "0123456789abcdef", CURL_SSLVERSION_DEFAULT), 200);
    assert_int_equal(ask(&r, &first, "/any", "0123456789abcdefg", CURL_SSLVERSION_DEFAULT), 413);
    assert_int_equal(ask(&r, &first, "/later", "x", CURL_SSLVERSION_DEFAULT), 201);
    assert_int_equal(ask(&r, &first, "/healthz", NULL, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2), 200);
    assert_int_equal(ask(&r, &first, "/healthz", NULL, CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1), 0);
    assert_int_equal(ask(&r, &second, "/healthz", NULL, CURL_SSLVERSION_DEFAULT), 0);

    /* Clear text where TLS is spoken. */
    assert_int_equal(rig_ask(&r, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").status, 0);
    rig_end(&r, 1000);
}

/* A stream that sleeps before each piece, until somebody wakes it: not before the client has seen its header. */
typedef struct drip {
    unsigned given;
    bool rested;
} drip;

enum { DRIPS = 50 };
static atomic_uint drips_ended;
static pthread_mutex_t drip_lock = PTHREAD_MUTEX_INITIALIZER;
static http_stream *dripping;

static ssize_t pull_drip(void *self, char *buf, size_t cap)
{
    drip *const d = self;
    d->rested = !d->rested;
    if (d->rested)
        return HTTP_STREAM_WAIT;
    if (d->given == DRIPS)
        return HTTP_STREAM_END;
    d->given++;
    memset(buf, 'd', cap < 1000 ? cap : 1000);
    return cap < 1000 ? (ssize_t)cap : 1000;
}

static void end_drip(void *self)
{
    drip *const d = self;
    pthread_mutex_lock(&drip_lock);
    http_stream_release(POA_TAKE(dripping));
    pthread_mutex_unlock(&drip_lock);
    free(d);
    atomic_fetch_add(&drips_ended, 1);
}

static void open_drip(http_request *request, void *arg)
{
    (void)arg;
    drip *const d = calloc(1, sizeof *d);
    assert_non_null(d);
    const http_stream_source source = {.self = d, .pull = pull_drip, .end = end_drip};
    http_stream *const stream = http_reply_stream(request, 200, "text/plain", &source);
    pthread_mutex_lock(&drip_lock);
    dripping = stream;
    pthread_mutex_unlock(&drip_lock);
}

static void *wake_on(void *arg)
{
    const atomic_bool *const enough = arg;
    while (!atomic_load(enough)) {
        pthread_mutex_lock(&drip_lock);
        if (dripping && atomic_load(&header_seen))
            http_stream_wake(dripping);
        pthread_mutex_unlock(&drip_lock);
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return NULL;
}

static void streams(void **state)
{
    (void)state;
    static const http_route routes[] = {{HTTP_GET, "/drip", open_drip, 0, NULL, 0}};
    rig r;
    rig_init(&r);
    r.config.routes = routes;
    r.config.route_count = POA_COUNT(routes);
    r.listeners[0].tls = tls_of(first.certificate, first.key);
    rig_start(&r);
    atomic_bool enough = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_on, &enough), 0);
    for (unsigned i = 1; i <= 2; i++) {
        atomic_store(&received, 0);
        atomic_store(&header_seen, false);
        assert_int_equal(ask(&r, &first, "/drip", NULL, CURL_SSLVERSION_DEFAULT), 200);
        assert_int_equal(atomic_load(&received), DRIPS * 1000);
        assert_true(rig_until(&drips_ended, i));
    }
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
    rig_end(&r, 1000);
}

static void unusable_pairs(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    const http_tls bad[] = {
        tls_of(first.certificate, second.key),
        tls_of(first.certificate, first.certificate),
        tls_of(first.certificate, ""),
        tls_of("no PEM", first.key),
    };
    for (size_t i = 0; i < POA_COUNT(bad); i++) {
        r.listeners[0].tls = bad[i];
        poa_buf why = {0};
        assert_false(http_server_start(&r.config, &r.server, &why));
        assert_string_equal(why.text, "TLS cannot be started: the certificate or its key is malformed, or they do not "
                                      "belong together");
        poa_buf_clear(&why);
    }

    /* Never clear text by mistake. */
    r.listeners[0].tls = tls_of("", first.key);
    poa_buf alone = {0};
    assert_false(http_server_start(&r.config, &r.server, &alone));
    assert_string_equal(alone.text, "TLS cannot be started: there is a key and no certificate");
    poa_buf_clear(&alone);

    /* A reload that fails changes nothing. */
    r.listeners[0].tls = tls_of(first.certificate, first.key);
    r.listeners[1] = r.listeners[0];
    r.config.listener_count = 2;
    rig_start(&r);
    for (size_t i = 0; i < POA_COUNT(bad); i++) {
        const http_tls pairs[] = {tls_of(second.certificate, second.key), bad[i]};
        poa_buf why = {0};
        assert_false(http_server_reload_tls(r.server, pairs, &why));
        assert_non_null(why.text);
        poa_buf_clear(&why);
        assert_int_equal(ask(&r, &first, "/healthz", NULL, CURL_SSLVERSION_DEFAULT), 200);
    }
    rig_end(&r, 1000);

    rig clear;
    rig_init(&clear);
    rig_start(&clear);
    const http_tls pair_for_clear = tls_of(first.certificate, first.key);
    poa_buf why = {0};
    assert_false(http_server_reload_tls(clear.server, &pair_for_clear, &why));
    assert_string_equal(why.text, "a listener for clear text cannot be given a certificate");
    poa_buf_clear(&why);
    rig_end(&clear, 1000);
}

typedef struct asker {
    rig *r;
    unsigned status;
} asker;

static void *ask_later(void *arg)
{
    asker *const a = arg;
    a->status = ask(a->r, &first, "/later", "x", CURL_SSLVERSION_DEFAULT);
    return NULL;
}

static void reload(void **state)
{
    (void)state;
    rig r;
    start(&r);
    rig_hold(&r, true);
    pthread_t thread;
    asker a = {.r = &r};
    assert_int_equal(pthread_create(&thread, NULL, ask_later, &a), 0);
    while (rig_waiting(&r) == 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);

    const http_tls fresh = tls_of(second.certificate, second.key);
    poa_buf why = {0};
    assert_true(http_server_reload_tls(r.server, &fresh, &why));
    assert_null(why.text);
    assert_int_equal(ask(&r, &second, "/healthz", NULL, CURL_SSLVERSION_DEFAULT), 200);
    assert_int_equal(ask(&r, &first, "/healthz", NULL, CURL_SSLVERSION_DEFAULT), 0);

    /* What had begun under the old certificate ends under it. */
    rig_hold(&r, false);
    pthread_join(thread, NULL);
    assert_int_equal(a.status, 201);
    for (int i = 0; i < 5; i++) {
        const http_tls again = i % 2 ? fresh : tls_of(first.certificate, first.key);
        assert_true(http_server_reload_tls(r.server, &again, &why));
        assert_int_equal(ask(&r, i % 2 ? &second : &first, "/healthz", NULL, CURL_SSLVERSION_DEFAULT), 200);
    }
    rig_end(&r, 1000);
}

/* Half a request, and half a handshake: both are cut in time. */
static void deadlines(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    r.listeners[0].tls = tls_of(first.certificate, first.key);
    r.config.limits.head_ms = 200;
    rig_start(&r);
    const int quiet = rig_connect(&r);
    const int half = rig_connect(&r);
    assert_true(rig_send(half, "\x16\x03\x01\x02", 4));
    assert_true(rig_closed(quiet));
    assert_true(rig_closed(half));
    close(quiet);
    close(half);
    assert_true(rig_until_connections(&r, 0));
    rig_end(&r, 1000);
}

static int set_up(void **state)
{
    (void)state;
    make_pair(&first, 1);
    make_pair(&second, 2);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    curl_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes), cmocka_unit_test(streams),   cmocka_unit_test(unusable_pairs),
        cmocka_unit_test(reload),     cmocka_unit_test(deadlines),
    };
    return cmocka_run_group_tests_name("http_tls", tests, set_up, tear_down);
}
