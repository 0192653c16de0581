#include "test.h"

#include "cleanup.h"
#include "file.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/poa-test-file-XXXXXX";
static char path[sizeof folder + 8];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

/* Nothing is left behind, above all no temporary file. */
static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static int read_back(size_t max, char **text, size_t *len)
{
    POA_CLEANUP(poa_file_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return poa_file_read(fd, max, text, len);
}

static void read_has_a_bound(void **state)
{
    (void)state;
    assert_int_equal(poa_file_write(path, 0600, true, POA_SPAN("12345")), 0);
    static const struct {
        size_t max;
        int want;
    } cases[] = {{5, 0}, {6, 0}, {1048576, 0}, {4, EFBIG}, {0, EFBIG}};
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_freep) char *text = NULL;
        size_t len = 99;
        assert_int_equal(read_back(cases[i].max, &text, &len), cases[i].want);
        assert_int_equal(len, cases[i].want ? 99 : 5);
        if (cases[i].want)
            assert_null(text);
        else
            assert_string_equal(text, "12345");
    }
}

static void read_to_the_end(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 99;
    assert_int_equal(poa_file_write(path, 0600, true, (poa_span){0}), 0);
    assert_int_equal(read_back(0, &text, &len), 0);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
}

/* A pipe gives what it has in pieces. */
static void read_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(poa_file_write_all(ends[1], POA_SPAN("one ")), 0);
    assert_int_equal(poa_file_write_all(ends[1], POA_SPAN("two")), 0);
    assert_int_equal(close(ends[1]), 0);
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    assert_int_equal(poa_file_read(ends[0], 7, &text, &len), 0);
    assert_string_equal(text, "one two");
    assert_int_equal(close(ends[0]), 0);
}

static void read_what_cannot_be_read(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    POA_CLEANUP(poa_file_closep) int fd = open(folder, O_RDONLY | O_CLOEXEC);
    assert_int_equal(poa_file_read(fd, 10, &text, &len), EISDIR);
    assert_null(text);
}

static void write_replaces_only_when_told(void **state)
{
    (void)state;
    (void)unlink(path);
    assert_int_equal(poa_file_write(path, 0600, false, POA_SPAN("first")), 0);
    assert_int_equal(poa_file_write(path, 0600, false, POA_SPAN("second")), EEXIST);
    POA_CLEANUP(poa_freep) char *first = NULL;
    POA_CLEANUP(poa_freep) char *third = NULL;
    size_t len = 0;
    assert_int_equal(read_back(10, &first, &len), 0);
    assert_string_equal(first, "first");
    assert_int_equal(poa_file_write(path, 0600, true, POA_SPAN("third")), 0);
    assert_int_equal(read_back(10, &third, &len), 0);
    assert_string_equal(third, "third");
}

static void write_sets_the_mode(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0644, 0400};
    for (size_t i = 0; i < POA_COUNT(modes); i++) {
        struct stat st;
        const mode_t before = umask(077);
        assert_int_equal(poa_file_write(path, modes[i], true, POA_SPAN("x")), 0);
        (void)umask(before);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, modes[i]);
    }
}

static void write_where_nothing_is(void **state)
{
    (void)state;
    assert_int_equal(poa_file_write("/nowhere/at/all", 0600, true, POA_SPAN("x")), ENOENT);
    assert_int_equal(poa_file_write(folder, 0600, false, POA_SPAN("x")), EEXIST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_has_a_bound),
        cmocka_unit_test(read_to_the_end),
        cmocka_unit_test(read_a_pipe),
        cmocka_unit_test(read_what_cannot_be_read),
        cmocka_unit_test(write_replaces_only_when_told),
        cmocka_unit_test(write_sets_the_mode),
        cmocka_unit_test(write_where_nothing_is),
    };
    return cmocka_run_group_tests_name("file", tests, set_up, tear_down);
}
