#ifndef CLI_DEVICE_VERBS_H
#define CLI_DEVICE_VERBS_H

#include "cli.h"

/* poa device list, show, suspend, ...: devices of a site, and how they are doing. */
int cli_device_list(cli *app, int argc, char **argv);
int cli_device_show(cli *app, int argc, char **argv);
int cli_device_suspend(cli *app, int argc, char **argv);
int cli_device_resume(cli *app, int argc, char **argv);
int cli_device_replace(cli *app, int argc, char **argv);
int cli_device_retire(cli *app, int argc, char **argv);
int cli_device_ratify(cli *app, int argc, char **argv);
int cli_device_release(cli *app, int argc, char **argv);
int cli_device_approve(cli *app, int argc, char **argv);
int cli_device_expect(cli *app, int argc, char **argv);

/* poa device maker, simulate, ticket, collect, run: devices that are none, for tests and demonstrations. */
int cli_device_maker(cli *app, int argc, char **argv);
int cli_device_simulate(cli *app, int argc, char **argv);
int cli_device_ticket(cli *app, int argc, char **argv);
int cli_device_collect(cli *app, int argc, char **argv);
int cli_device_run(cli *app, int argc, char **argv);

#endif
