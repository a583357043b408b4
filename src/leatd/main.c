/*
 * main.c - leatd from its first moment to its exit status.
 *
 * On the path: the shell -> HERE -> options -> server -> HERE -> the shell.
 */
#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "hub/helper.h"
#include "ready.h"
#include "server.h"

#include "cli/print.h"
#include "cli/proc.h"
#include "sys/sys.h"

static enum exit_code
print_help(void)
{
    char bytes[HELP_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    help_write(&text);
    return print_text(&text, "leatd");
}

/* What the process must have before there is a server. */
static enum exit_code
prepare(const struct options *options, pid_t parent, size_t *max_conns,
    struct complaint *wrong)
{
    /* Asked now: once there are sockets the number may be one of them. */
    if (options->ready_fd >= 0 && leat__sys_probe(options->ready_fd) != 0) {
        complaint_say(wrong, "ready-fd is not an open descriptor", NULL, "");
        return CODE_USAGE;
    }
    if (options->die_with_parent) {
        int error = proc_follow(parent);
        if (error != 0) {
            complaint_say(wrong, "die-with-parent: ", NULL,
                error == -ESRCH ? "the parent has ended already"
                                : leat_error_text(error));
            return CODE_FAILED;
        }
    }
    return proc_limits(max_conns, wrong) == 0 ? CODE_OK : CODE_FAILED;
}

/* From here on everything that was opened is closed again on every way out. */
static enum exit_code
serve(const struct options *options, pid_t parent, struct complaint *wrong)
{
    struct server server;
    size_t max_conns;
    enum exit_code code = prepare(options, parent, &max_conns, wrong);

    if (code == CODE_OK)
        code = server_open(&server, options, max_conns, wrong);
    if (code != CODE_OK) {
        complaint_tell(wrong, "leatd");
        return code;
    }
    report_start(&server);
    if (ready_tell(&server, wrong) == 0) {
        code = server_run(&server);
    } else {
        complaint_tell(wrong, "leatd");
        code = CODE_FAILED;
    }
    /* The loop gives the signals back: an impatient second TERM must not turn
     * a drain into a death. */
    proc_deafen();
    server_close(&server);
    return code;
}

int main(int argc, char **argv);

int
main(int argc, char **argv)
{
    pid_t parent = leat__sys_parent_pid(); /* before it can end */
    struct options options;
    struct complaint wrong;

    if (argc == 2 && strcmp(argv[1], HELPER_WORD) == 0)
        return (int)helper_run(0);
    if (proc_guard() != 0)
        return CODE_FAILED; /* there is nowhere to tell it */
    proc_ignore();
    int error = options_parse(&options, argc, argv, &wrong);
    if (error == -ENOMEM)
        complaint_say(&wrong, "no memory", NULL, "");
    if (error != 0) {
        complaint_tell(&wrong, "leatd");
        return error == -ENOMEM ? CODE_FAILED : CODE_USAGE;
    }
    if (options.help)
        return (int)print_help();
    if (options.version)
        return (int)print_version("leatd");
    enum exit_code code = serve(&options, parent, &wrong);
    options_fini(&options);
    return (int)code;
}
