
/*
 * Copyright (C) The credverify authors
 *
 * Gives a fuzz target what is kept in its corpus, as a test that needs no
 * fuzzer. The corpus is named by the program: replay_NAME runs
 * t/fuzz/corpus/NAME. Arguments are files to run instead.
 */

#include <glob.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define PREFIX  "replay_"


static void
run_file(const char *path)
{
    FILE      *file;
    uint8_t   *exact;
    cv_buf_t   bytes;
    int        c;

    file = fopen(path, "rb");
    FUZZ_MUST(file != NULL);

    cv_buf_init(&bytes, (size_t) 1 << 24);

    while ((c = getc(file)) != EOF) {
        cv_buf_append_byte(&bytes, (uint8_t) c);
    }

    FUZZ_MUST(!ferror(file) && !cv_buf_failed(&bytes));
    fclose(file);

    /* with nothing behind it, so that reading beyond it is seen */
    exact = malloc(bytes.len + (bytes.len == 0));
    FUZZ_MUST(exact != NULL);
    memcpy(exact, cv_buf_str(&bytes).data, bytes.len);

    (void) LLVMFuzzerTestOneInput(exact, bytes.len);

    free(exact);
    cv_buf_free(&bytes);
}


/* In a process of its own, so that the next are run whatever becomes of it. */

static bool
survives(const char *path)
{
    int    status;
    pid_t  pid;

    pid = fork();
    FUZZ_MUST(pid != -1);

    if (pid == 0) {
        run_file(path);
        exit(0);
    }

    FUZZ_MUST(waitpid(pid, &status, 0) == pid);

    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}


int
main(int argc, char **argv)
{
    char         pattern[256];
    glob_t       found;
    size_t       i, n, failed;
    char       **paths;
    const char  *name;

    memset(&found, 0, sizeof(found));
    n = (size_t) argc - 1;
    paths = argv + 1;

    if (n == 0) {
        name = strrchr(argv[0], '/');
        name = name == NULL ? argv[0] : name + 1;
        FUZZ_MUST(strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0);

        (void) snprintf(pattern, sizeof(pattern), "t/fuzz/corpus/%s/*",
                        name + sizeof(PREFIX) - 1);
        FUZZ_MUST(glob(pattern, 0, NULL, &found) == 0);
        n = found.gl_pathc;
        paths = found.gl_pathv;
    }

    printf("1..%zu\n", n);
    failed = 0;

    for (i = 0; i < n; i++) {
        fflush(stdout);

        if (survives(paths[i])) {
            printf("ok %zu - %s\n", i + 1, paths[i]);

        } else {
            printf("not ok %zu - %s\n", i + 1, paths[i]);
            fprintf(stderr, "# failed: %s\n", paths[i]);
            failed++;
        }
    }

    globfree(&found);

    return failed != 0;
}
