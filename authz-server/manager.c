#include "manager.h"

#include "cleanup.h"
#include "file.h"
#include "span.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

size_t manager_sockets(void)
{
    uint64_t pid = 0;
    uint64_t count = 0;
    if (!poa_span_number(poa_span_of(getenv("LISTEN_PID")), INT32_MAX, &pid) || (pid_t)pid != getpid() ||
        !poa_span_number(poa_span_of(getenv("LISTEN_FDS")), 64, &count))
        return 0;
    return (size_t)count;
}

void manager_tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    const size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof there.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(there.sun_path, path, len);
    /* A leading @ stands for the NUL of an abstract name. */
    if (path[0] == '@')
        there.sun_path[0] = '\0';
    POA_CLEANUP(poa_file_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&there,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
