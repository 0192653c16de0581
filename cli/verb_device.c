#include "cli.h"

#include "cleanup.h"
#include "device_verbs.h"

int cli_verb_device(cli *app, int argc, char **argv)
{
    static const cli_verb verbs[] = {
        {"list", "list the devices of a site", cli_device_list},
        {"show", "show one device: identity, state, trust", cli_device_show},
        {"approve", "say yes or no to a device that waits for it", cli_device_approve},
        {"expect", "announce devices before they come", cli_device_expect},
        {"suspend", "stop a device for a while", cli_device_suspend},
        {"resume", "let a suspended device go on", cli_device_resume},
        {"ratify", "bring a device under a PoA of yours", cli_device_ratify},
        {"replace", "put a new device in the place of a dead one", cli_device_replace},
        {"retire", "decommission a device for ever", cli_device_retire},
        {"release", "free an identifier that a dead record holds", cli_device_release},
        {"collect", "collect signed requests where there is no network", cli_device_collect},
        {"maker", "make up a manufacturer, for simulated devices", cli_device_maker},
        {"simulate", "make simulated devices, or let one answer", cli_device_simulate},
        {"run", "let simulated devices keep their trust", cli_device_run},
        {"ticket", "sign a made-up manufacturer's ticket for a device", cli_device_ticket},
    };
    return cli_dispatch(app, "poa device", verbs, POA_COUNT(verbs), argc, argv);
}
