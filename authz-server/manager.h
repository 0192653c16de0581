#ifndef SERVER_MANAGER_H
#define SERVER_MANAGER_H

#include <stddef.h>

/*
 * A service manager above us, told and heard by systemd's protocols (sd_listen_fds(3), sd_notify(3)). Without one
 * nothing happens.
 */

/* The first of the sockets that a manager passes. */
#define MANAGER_FIRST_FD 3

/* How many listening sockets were passed to this very process; they begin at MANAGER_FIRST_FD. */
size_t manager_sockets(void);

/* Tell how we are: "READY=1", "RELOADING=1\nMONOTONIC_USEC=…", "STOPPING=1". */
void manager_tell(const char *state);

#endif
