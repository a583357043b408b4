/*
 * registry.c - the services there are. A new one is a row here.
 *
 * On the path: listener_spec and help read it; nothing else names a service.
 */
#include "service.h"

#include <string.h>

extern const struct service svc_chargen, svc_daytime, svc_discard, svc_echo,
    svc_fixed, svc_greet, svc_hub, svc_null, svc_stamp, svc_time;

static const struct service *const services[] = {
    &svc_echo,
    &svc_stamp,
    &svc_fixed,
    &svc_greet,
    &svc_hub,
    &svc_discard,
    &svc_null,
    &svc_chargen,
    &svc_daytime,
    &svc_time,
};

size_t
service_count(void)
{
    return sizeof services / sizeof services[0];
}

const struct service *
service_at(size_t index)
{
    return services[index];
}

const struct service *
service_find(const char *name)
{
    for (size_t i = 0; i < service_count(); i++)
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    return NULL;
}
