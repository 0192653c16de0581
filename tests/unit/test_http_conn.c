#include "test.h"

#include "http/conn.h"
#include "span.h"

/* The table of connections, without a network. */

static http_arrival arrival(int fd, const char *peer)
{
    http_arrival a = {.fd = fd, .counted = true, .now_us = 1000};
    assert_true(http_address_parse(poa_span_of(peer), &a.peer));
    return a;
}

static http_conn *add(http_conns *conns, int fd, const char *peer)
{
    const http_arrival a = arrival(fd, peer);
    return http_conns_add(conns, &a);
}

static void counts_by_address(void **state)
{
    (void)state;
    http_conns conns;
    assert_true(http_conns_init(&conns, 8, 2, 42));
    http_conn *const one = add(&conns, 5, "10.0.0.1:1");
    assert_non_null(one);
    assert_non_null(add(&conns, 6, "10.0.0.1:2"));
    assert_null(add(&conns, 7, "10.0.0.1:3"));
    assert_non_null(add(&conns, 7, "10.0.0.2:1"));
    assert_non_null(add(&conns, 300, "[2001:db8::1]:1"));
    assert_non_null(add(&conns, 301, "[2001:db8::2]:1"));
    assert_null(add(&conns, 302, "[2001:db8::3]:1"));
    assert_non_null(add(&conns, 302, "[2001:db8:0:1::3]:1"));

    http_arrival uncounted = arrival(8, "10.0.0.1:4");
    uncounted.counted = false;
    assert_non_null(http_conns_add(&conns, &uncounted));
    assert_int_equal(atomic_load(&conns.count), 7);
    assert_ptr_equal(http_conns_find(&conns, 5), one);
    http_conns_drop(&conns, one);
    assert_null(http_conns_find(&conns, 5));
    assert_null(http_conns_find(&conns, 100000));
    assert_null(http_conns_find(&conns, -1));
    assert_non_null(add(&conns, 9, "10.0.0.1:5"));
    assert_null(add(&conns, 10, "10.0.0.1:6"));
    http_conns_clear(&conns);
}

/* A descriptor that comes again was closed without a word: what was kept of it does not count any more. */
static void forgets_the_lost(void **state)
{
    (void)state;
    http_conns conns;
    assert_true(http_conns_init(&conns, 8, 1, 42));
    assert_non_null(add(&conns, 5, "10.0.0.1:1"));
    assert_null(add(&conns, 6, "10.0.0.1:2"));
    assert_non_null(add(&conns, 5, "10.0.0.1:3"));
    assert_int_equal(atomic_load(&conns.count), 1);
    assert_int_equal(http_conns_find(&conns, 5)->peer.port, 3);
    http_conns_clear(&conns);
}

static void phases(void **state)
{
    (void)state;
    http_conns conns;
    assert_true(http_conns_init(&conns, 8, 0, 42));
    http_conn *const conn = add(&conns, 5, "10.0.0.1:1");
    http_moment seen = http_conn_moment(conn);
    assert_int_equal(seen.phase, HTTP_PHASE_HEAD);
    assert_int_equal(seen.since_us, 1000);

    assert_true(http_conn_enter(conn, HTTP_PHASE_BODY, INT64_C(1) << 59));
    assert_false(http_conn_cut(conn, seen)); /* it has moved on */
    seen = http_conn_moment(conn);
    assert_int_equal(seen.phase, HTTP_PHASE_BODY);
    assert_int_equal(seen.since_us, INT64_C(1) << 59);

    assert_true(http_conn_cut(conn, seen));
    assert_false(http_conn_enter(conn, HTTP_PHASE_WORK, 5000));
    http_conn_rest(conn, 5000);
    assert_int_equal(http_conn_moment(conn).phase, HTTP_PHASE_CUT);
    http_conns_clear(&conns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_address),
        cmocka_unit_test(forgets_the_lost),
        cmocka_unit_test(phases),
    };
    return cmocka_run_group_tests_name("http_conn", tests, NULL, NULL);
}
