#ifndef POA_TEST_PKI_OPENSSL_PROGRAM_H
#define POA_TEST_PKI_OPENSSL_PROGRAM_H

#include "pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ask the openssl program, which knows nothing of our code, about files in a directory of the test's own. */

static char folder[] = "/tmp/poa-test-XXXXXX";

static inline void write_file(const char *name, poa_span text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* Does `openssl arguments`, run in that directory, succeed? */
static inline bool openssl_says_ok(const char *arguments)
{
    char command[512];
    const int len = snprintf(command, sizeof command, "cd %s && openssl %s >openssl.log 2>&1", folder, arguments);
    assert_true(len > 0 && (size_t)len < sizeof command);
    const int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 127); /* there is no such program */
    return WEXITSTATUS(status) == 0;
}

static inline void make_folder(void)
{
    assert_non_null(mkdtemp(folder));
}

static inline void remove_folder(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

#endif
