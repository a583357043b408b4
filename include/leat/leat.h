/*
 * leat/leat.h - everything at once.
 */
#ifndef LEAT_LEAT_H
#define LEAT_LEAT_H

#include <leat/addr.h>
#include <leat/conn.h>
#include <leat/dgram.h>
#include <leat/dial.h>
#include <leat/error.h>
#include <leat/flow.h>
#include <leat/frame.h>
#include <leat/group.h>
#include <leat/listener.h>
#include <leat/loop.h>
#include <leat/message.h>
#include <leat/queue.h>
#include <leat/sets.h>
#include <leat/signal.h>
#include <leat/stats.h>
#include <leat/timer.h>
#include <leat/watch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers; the build takes it from here. */
#define LEAT_VERSION_MAJOR 0
#define LEAT_VERSION_MINOR 1
#define LEAT_VERSION_PATCH 0

/*
 * The version of the library that is linked.
 *
 * Returns  a static string such as "0.1.0".
 */
LEAT_API const char *leat_version(void);

#ifdef __cplusplus
}
#endif

#endif
