
/*
 * Copyright (C) The credverify authors
 *
 * What "backup" writes and "restore" reads.
 *
 * A backup is a tar archive: "store/data.mdb" is LMDB's copy of the store,
 * "store/counters" a later one of its counters, so that every key of the copy
 * has its counts; unpacking it yields a store, too.
 */

#ifndef CMD_BACKUP_H
#define CMD_BACKUP_H

#include "cv_cli.h"
#include "cv_counters.h"

#define CMD_BACKUP_DATA      "store/" CV_DATA_FILE
#define CMD_BACKUP_COUNTERS  "store/" CV_METER_FILE

/*
 * Does all of a restore but its end with the archive in "fd", in a directory
 * that it makes beside "place" and removes; CV_CLI_FAILED after it complained
 * of the archive that people know by "name".
 */
int cmd_restore_try(cv_cli_t *cli, const char *name, int fd,
    const char *place);

#endif /* CMD_BACKUP_H */
