#include "test.h"

#include "cleanup.h"
#include "http_rig.h"
#include "span.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bodies in files. The linker sends open(), write() and fallocate() of the room through here, so that a disk can fail.
 */

#define BODY_MAX (32u * 1024 * 1024)

static atomic_bool no_nameless; /* the file system has no O_TMPFILE */
static atomic_size_t disk_room; /* bytes */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fallocate64(int fd, int mode, off_t from, off_t len);

int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & O_TMPFILE) == O_TMPFILE && atomic_load(&no_nameless)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_open64(path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    const size_t room = atomic_load(&disk_room);
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    const ssize_t written = __real_write(fd, bytes, len < room ? len : room);
    if (written > 0)
        atomic_fetch_sub(&disk_room, (size_t)written);
    return written;
}

int __wrap_fallocate64(int fd, int mode, off_t from, off_t len)
{
    (void)fd;
    (void)mode;
    if ((size_t)(from + len) <= atomic_load(&disk_room))
        return 0;
    errno = ENOSPC;
    return -1;
}

/* ---- the server's side ---- */

static atomic_size_t anonymous_kib; /* while the handler has the body */

static size_t anonymous_now_kib(void)
{
    FILE *const file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    size_t kib = 0;
    char line[256];
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoul(line + 8, NULL, 10);
    }
    (void)fclose(file);
    return kib;
}

static char byte_at(size_t i)
{
    return (char)('a' + (i ^ i >> 12) % 26);
}

/* How long the body is, and the place of its first wrong byte. */
static void check(http_request *request, void *arg)
{
    (void)arg;
    const poa_span body = http_request_body(request);
    size_t good = 0;
    while (good < body.len && body.ptr[good] == byte_at(good))
        good++;
    poa_buf text = {0};
    poa_buf_printf(&text, "%zu,%zu", body.len, good);
    http_reply(request, 200, "text/plain", &text);
}

/* Reads none of it: a sanitizer would keep a note of each byte. */
static void measure(http_request *request, void *arg)
{
    (void)arg;
    const size_t len = http_request_body(request).len;
    atomic_store(&anonymous_kib, anonymous_now_kib());
    poa_buf text = {0};
    poa_buf_printf(&text, "%zu,%zu", len, len);
    http_reply(request, 200, "text/plain", &text);
}

static const http_route routes[] = {
    {HTTP_POST, "/check", check, BODY_MAX, "application/x-ndjson", HTTP_ROUTE_SPOOL},
    {HTTP_POST, "/file", measure, BODY_MAX, NULL, HTTP_ROUTE_SPOOL},
    {HTTP_POST, "/memory", measure, BODY_MAX, NULL, 0},
};

static char dir[] = "/tmp/test_http_spool-XXXXXX";

static void prepare(rig *r)
{
    rig_init(r);
    r->config.routes = routes;
    r->config.route_count = POA_COUNT(routes);
    r->config.spool_dir = dir;
    atomic_store(&disk_room, SIZE_MAX / 2);
    atomic_store(&no_nameless, false);
}

static size_t names_in_dir(void)
{
    DIR *const d = opendir(dir);
    assert_non_null(d);
    size_t n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2; /* . and .. */
}

/* Files of ours in the directory that are open, each without a name and for nobody else. */
static size_t open_in_dir(void)
{
    size_t n = 0;
    for (int fd = 3; fd < 256; fd++) {
        char path[64];
        char target[256] = "";
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) < 0 || strncmp(target, dir, strlen(dir)) != 0)
            continue;
        struct stat status;
        if (stat(path, &status) != 0 || status.st_nlink != 0) /* closed in the meantime, or about to lose its name */
            continue;
        assert_int_equal(status.st_mode & 07777, 0600);
        n++;
    }
    return n;
}

static void nap_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static bool until_open(size_t want)
{
    for (int i = 0; i < 1000 && open_in_dir() != want; i++)
        nap_ms(2);
    return open_in_dir() == want;
}

/* ---- the client's side ---- */

static int begin(const rig *r, const char *path, size_t len)
{
    char header[256];
    (void)snprintf(header, sizeof header,
                   "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
                   path, len);
    const int fd = rig_connect(r);
    assert_true(rig_text(fd, header));
    return fd;
}

static int begin_chunked(const rig *r)
{
    const int fd = rig_connect(r);
    assert_true(rig_text(fd, "POST /check HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n"));
    return fd;
}

/* The bytes from one place of the body to another; false when the server has gone. */
static bool send_part(int fd, size_t from, size_t to, bool chunked)
{
    char bytes[16384];
    while (from < to) {
        const size_t len = to - from < sizeof bytes ? to - from : sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = byte_at(from + i);
        char size[16];
        (void)snprintf(size, sizeof size, "%zx\r\n", len);
        if ((chunked && !rig_text(fd, size)) || !rig_send(fd, bytes, len) || (chunked && !rig_text(fd, "\r\n")))
            return false;
        from += len;
    }
    return true;
}

static void expect_good(int fd, size_t len)
{
    char want[64];
    (void)snprintf(want, sizeof want, "%zu,%zu", len, len);
    const rig_reply reply = rig_read(fd, true);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, want);
}

static void expect_busy(int fd, const char *detail)
{
    const rig_reply reply = rig_read(fd, true);
    assert_int_equal(reply.status, 503);
    assert_true(reply.problem);
    assert_non_null(strstr(reply.body, detail));
    assert_non_null(strstr(reply.header, "\r\nRetry-After: 5\r\n"));
}

/* ---- the tests ---- */

static void bodies(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4096, 100000, 3000001};
    rig r;
    prepare(&r);
    rig_start(&r);
    const int kept = begin(&r, "/check", 5);
    assert_true(send_part(kept, 0, 5, false));
    expect_good(kept, 5);
    for (size_t i = 0; i < 4 * POA_COUNT(sizes); i++) {
        const size_t len = sizes[i / 4];
        const bool chunked = i % 2;
        atomic_store(&no_nameless, i % 4 > 1);
        const int fd = chunked ? begin_chunked(&r) : begin(&r, "/check", len);
        assert_true(send_part(fd, 0, len / 2, chunked));
        assert_true(len < 2 || until_open(1));
        assert_true(len < 2 || names_in_dir() == 0);
        assert_true(send_part(fd, len / 2, len, chunked) && (!chunked || rig_text(fd, "0\r\n\r\n")));
        expect_good(fd, len);
        close(fd);
        assert_true(until_open(0));
    }
    /* The connection lives on, and nothing stays open. */
    assert_true(rig_text(kept, "POST /check HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_good(kept, 0);
    close(kept);
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(open_in_dir(), 0);
    rig_end(&r, 1000);
}

static void memory(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.body_ms = 30000;
    rig_start(&r);
    size_t grown_kib[2];
    static const char *const paths[] = {"/file", "/memory"};
    for (size_t i = 0; i < POA_COUNT(paths); i++) {
        const size_t before_kib = anonymous_now_kib();
        const int fd = begin(&r, paths[i], BODY_MAX);
        assert_true(send_part(fd, 0, BODY_MAX, false));
        expect_good(fd, BODY_MAX);
        const size_t now_kib = atomic_load(&anonymous_kib);
        grown_kib[i] = now_kib > before_kib ? now_kib - before_kib : 0;
        close(fd);
        print_message("# 32 MiB to %s: %zu KiB of anonymous memory more\n", paths[i], grown_kib[i]);
    }
    assert_true(grown_kib[0] < 2048);
    assert_true(grown_kib[1] >= BODY_MAX / 1024); /* so the figure means something */
    rig_end(&r, 1000);
}

static void too_large(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.body_ms = 30000;
    rig_start(&r);
    int fd = begin(&r, "/check", BODY_MAX + 1);
    rig_reply reply = rig_read(fd, true);
    assert_true(reply.status == 413 && reply.close && rig_closed(fd));
    close(fd);
    fd = begin_chunked(&r);
    assert_true(send_part(fd, 0, BODY_MAX + 1, true) && rig_text(fd, "0\r\n\r\n"));
    reply = rig_read(fd, true);
    assert_true(reply.status == 413 && reply.close && rig_closed(fd));
    close(fd);
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(open_in_dir(), 0);
    rig_end(&r, 1000);
}

static void limits(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.spools_max = 2;
    rig_start(&r);
    const int one = begin(&r, "/check", 10);
    const int two = begin(&r, "/check", 10);
    assert_true(until_open(2));
    const int three = begin(&r, "/check", 10);
    expect_busy(three, "too many large bodies at once");
    assert_true(rig_closed(three));
    close(three);
    assert_true(send_part(one, 0, 10, false));
    expect_good(one, 10);
    assert_true(rig_until(&r.done, 2));
    const int four = begin(&r, "/check", 10);
    assert_true(send_part(four, 0, 10, false));
    expect_good(four, 10);
    close(one);
    close(two); /* leaves in the midst of its body */
    close(four);
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(open_in_dir(), 0);
    rig_end(&r, 1000);
}

static void full_disk(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);
    atomic_store(&disk_room, 50000);
    int fd = begin(&r, "/check", 100000); /* is told before it sends */
    expect_busy(fd, "there is no room for the body");
    assert_true(rig_closed(fd));
    close(fd);

    fd = begin_chunked(&r);
    assert_true(send_part(fd, 0, 100000, true) && rig_text(fd, "0\r\n\r\n"));
    expect_busy(fd, "there is no room for the body");
    assert_true(rig_closed(fd));
    close(fd);
    assert_true(rig_until(&r.log_lines, 2));

    atomic_store(&disk_room, 50000);
    fd = begin(&r, "/check", 40000);
    assert_true(send_part(fd, 0, 40000, false));
    expect_good(fd, 40000);
    close(fd);
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(open_in_dir(), 0);
    rig_end(&r, 1000);
}

static void no_directory(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.spool_dir = NULL;
    poa_buf why = {0};
    assert_false(http_server_start(&r.config, &r.server, &why));
    assert_string_equal(why.text, "a route keeps bodies in files, and there is no directory for them");
    poa_buf_clear(&why);

    r.config.spool_dir = "/nonexistent";
    rig_start(&r);
    const int fd = begin(&r, "/check", 10);
    expect_busy(fd, "there is no room for the body");
    assert_true(rig_closed(fd));
    close(fd);
    assert_true(rig_until(&r.log_lines, 1));
    rig_end(&r, 1000);
}

/* The time for a body grows with what it brought: steadily is good, a stop is not. */
static void deadlines(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.body_ms = 200;
    rig_start(&r);
    enum { PART = 16384, PARTS = 12 };
    int fd = begin(&r, "/check", (size_t)PART * PARTS);
    for (size_t i = 0; i < PARTS; i++) {
        assert_true(send_part(fd, i * PART, (i + 1) * PART, false));
        nap_ms(60);
    }
    expect_good(fd, (size_t)PART * PARTS);
    close(fd);

    fd = begin(&r, "/check", (size_t)PART * PARTS);
    assert_true(send_part(fd, 0, 1000, false));
    const rig_reply reply = rig_read(fd, true);
    assert_int_equal(reply.status, 408);
    assert_true(rig_closed(fd));
    close(fd);
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(open_in_dir(), 0);
    rig_end(&r, 1000);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),    cmocka_unit_test(memory),    cmocka_unit_test(too_large),
        cmocka_unit_test(limits),    cmocka_unit_test(full_disk), cmocka_unit_test(no_directory),
        cmocka_unit_test(deadlines),
    };
    return cmocka_run_group_tests_name("http_spool", tests, set_up, tear_down);
}
