
/*
 * Copyright (C) The credverify authors
 *
 * Work of requests that threads do.  A thread has the task of its work, and
 * nothing else, until nginx calls back in the event loop; it never sees a
 * request, which may end meanwhile.
 */

#include "ngx_http_credverify_wait.h"


/* milliseconds: as long may requests wait, and a worker that is to end */
#define NGX_HTTP_CREDVERIFY_WORK_WAIT  30000


static cv_digest_t  *ngx_http_credverify_work_digest;


cv_digest_t *
ngx_http_credverify_digest(void)
{
    if (ngx_http_credverify_work_digest == NULL) {
        ngx_http_credverify_work_digest = cv_digest_new();
    }

    return ngx_http_credverify_work_digest;
}


ngx_int_t
ngx_http_credverify_work_key(ngx_http_credverify_work_t *work)
{
    cv_digest_t  *digest;

    digest = ngx_http_credverify_digest();

    return digest != NULL
           && cv_digest_sha256(digest, work->key, work->input) == CV_OK
           ? NGX_OK : NGX_ERROR;
}


#if (NGX_THREADS)

typedef struct {
    ngx_thread_task_t                 task;

    ngx_http_credverify_run_pt        run;
    const void                       *with;
    ngx_str_t                         name;

    cv_err_t                          err;
    cv_error_t                        error;
    cv_buf_t                          result;

    size_t                            len;
    u_char                            input[];    /* followed by the name */
} ngx_http_credverify_task_t;

typedef struct {
    ngx_rbtree_node_t                 node;       /* by key's beginning */
    ngx_queue_t                       queue;      /* if it is done */
    ngx_queue_t                       waiters;
    ngx_event_t                       timer;
    ngx_http_credverify_workshop_t   *workshop;
    ngx_http_credverify_task_t       *task;       /* NULL: it is done */
    cv_buf_t                          result;
    ngx_int_t                         rc;         /* for those who wait */
    u_char                            key[NGX_HTTP_CREDVERIFY_WORK_KEY];
} ngx_http_credverify_piece_t;

struct ngx_http_credverify_workshop_s {
    const ngx_http_credverify_work_kind_t  *kind;
    ngx_thread_pool_t                *pool;
    size_t                            cache;      /* bytes, and */
    size_t                            size;       /* those of results */
    ngx_uint_t                        under_way;
    ngx_rbtree_t                      tree;
    ngx_rbtree_node_t                 sentinel;
    ngx_queue_t                       done;       /* last used first */
    ngx_http_credverify_workshop_t   *next;
};


static ngx_http_credverify_piece_t *ngx_http_credverify_work_find(
    ngx_http_credverify_workshop_t *workshop, const u_char *key);
static void ngx_http_credverify_work_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_int_t ngx_http_credverify_work_begin(
    ngx_http_credverify_workshop_t *workshop,
    ngx_http_credverify_work_t *work, ngx_http_credverify_piece_t **begun);
static ngx_http_credverify_task_t *ngx_http_credverify_work_task(
    const ngx_http_credverify_work_kind_t *kind,
    ngx_http_credverify_work_t *work);
static ngx_int_t ngx_http_credverify_work_wait(
    ngx_http_credverify_piece_t *piece, ngx_http_credverify_work_t *work);
static void ngx_http_credverify_work_thread(void *data, ngx_log_t *log);
static void ngx_http_credverify_work_done(ngx_event_t *ev);
static void ngx_http_credverify_work_failed(
    ngx_http_credverify_piece_t *piece, ngx_http_credverify_task_t *task);
static void ngx_http_credverify_work_late(ngx_event_t *ev);
static void ngx_http_credverify_work_wake(ngx_http_credverify_piece_t *piece,
    ngx_int_t rc);
static void ngx_http_credverify_work_expire(
    ngx_http_credverify_workshop_t *workshop);
static void ngx_http_credverify_work_free(ngx_http_credverify_piece_t *piece);


const char *
ngx_http_credverify_workshop(ngx_conf_t *cf,
    const ngx_http_credverify_work_kind_t *kind, ngx_str_t *pool, size_t cache,
    ngx_http_credverify_workshop_t **workshop)
{
    ngx_thread_pool_t                *tp;
    ngx_http_credverify_workshop_t   *ws;
    ngx_http_credverify_main_conf_t  *cmcf;

    tp = ngx_thread_pool_get(cf->cycle, pool);
    if (tp == NULL) {
        return kind->needs;
    }

    ws = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_workshop_t));
    if (ws == NULL) {
        return "needs more memory";
    }

    ws->kind = kind;
    ws->pool = tp;
    ws->cache = cache;

    ngx_rbtree_init(&ws->tree, &ws->sentinel, ngx_http_credverify_work_insert);
    ngx_queue_init(&ws->done);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    ws->next = cmcf->workshops;
    cmcf->workshops = ws;

    *workshop = ws;

    return NULL;
}


/* the threads have ended before, with all that they had to do */

void
ngx_http_credverify_work_exit(ngx_cycle_t *cycle)
{
    ngx_rbtree_t                     *tree;
    ngx_http_credverify_workshop_t   *workshop;
    ngx_http_credverify_main_conf_t  *cmcf;

    cv_digest_free(ngx_http_credverify_work_digest);
    ngx_http_credverify_work_digest = NULL;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_credverify_module);
    if (cmcf == NULL) {
        return;
    }

    for (workshop = cmcf->workshops; workshop; workshop = workshop->next) {
        tree = &workshop->tree;

        while (tree->root != tree->sentinel) {
            ngx_http_credverify_work_free(
                               (ngx_http_credverify_piece_t *) tree->root);
        }
    }
}


ngx_int_t
ngx_http_credverify_work(ngx_http_credverify_workshop_t *workshop,
    ngx_http_credverify_work_t *work, cv_str_t *result)
{
    ngx_int_t                     rc;
    ngx_http_credverify_piece_t  *piece;

    piece = ngx_http_credverify_work_find(workshop, work->key);

    if (piece == NULL) {
        rc = ngx_http_credverify_work_begin(workshop, work, &piece);

        return rc == NGX_OK ? ngx_http_credverify_work_wait(piece, work) : rc;
    }

    if (piece->task == NULL) {
        ngx_queue_remove(&piece->queue);
        ngx_queue_insert_head(&workshop->done, &piece->queue);

        *result = cv_buf_str(&piece->result);

        return NGX_OK;
    }

    /* without a timer it is late */

    return piece->timer.timer_set ? ngx_http_credverify_work_wait(piece, work)
                                  : NGX_BUSY;
}


/* the tree compares the beginning of the keys, and all of those that share it */

static ngx_rbtree_key_t
ngx_http_credverify_work_hash(const u_char *key)
{
    ngx_rbtree_key_t  hash;

    ngx_memcpy(&hash, key, sizeof(ngx_rbtree_key_t));

    return hash;
}


static ngx_http_credverify_piece_t *
ngx_http_credverify_work_find(ngx_http_credverify_workshop_t *workshop,
    const u_char *key)
{
    ngx_int_t                     rc;
    ngx_rbtree_key_t              hash;
    ngx_rbtree_node_t            *node;
    ngx_http_credverify_piece_t  *piece;

    hash = ngx_http_credverify_work_hash(key);
    node = workshop->tree.root;

    while (node != workshop->tree.sentinel) {

        if (hash != node->key) {
            node = hash < node->key ? node->left : node->right;
            continue;
        }

        piece = (ngx_http_credverify_piece_t *) node;
        rc = ngx_memcmp(key, piece->key, NGX_HTTP_CREDVERIFY_WORK_KEY);

        if (rc == 0) {
            return piece;
        }

        node = rc < 0 ? node->left : node->right;
    }

    return NULL;
}


static void
ngx_http_credverify_work_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    u_char              *key;
    ngx_rbtree_node_t  **p;

    key = ((ngx_http_credverify_piece_t *) node)->key;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;

        } else {
            p = ngx_memcmp(key, ((ngx_http_credverify_piece_t *) temp)->key,
                           NGX_HTTP_CREDVERIFY_WORK_KEY)
                < 0 ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* gives it to the threads */

static ngx_int_t
ngx_http_credverify_work_begin(ngx_http_credverify_workshop_t *workshop,
    ngx_http_credverify_work_t *work, ngx_http_credverify_piece_t **begun)
{
    ngx_http_credverify_piece_t            *piece;
    const ngx_http_credverify_work_kind_t  *kind;

    kind = workshop->kind;

    if (workshop->under_way == kind->most) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "credverify: %ui %s are being %s, and \"%V\" is not",
                      workshop->under_way, kind->things, kind->done,
                      &work->name);
        return NGX_BUSY;
    }

    piece = ngx_calloc(sizeof(ngx_http_credverify_piece_t), ngx_cycle->log);
    if (piece == NULL) {
        return NGX_ERROR;
    }

    piece->task = ngx_http_credverify_work_task(kind, work);
    if (piece->task == NULL) {
        ngx_free(piece);
        return NGX_ERROR;
    }

    piece->workshop = workshop;
    piece->task->task.event.data = piece;

    if (ngx_thread_task_post(workshop->pool, &piece->task->task) != NGX_OK) {
        ngx_free(piece->task);
        ngx_free(piece);
        return NGX_BUSY;
    }

    workshop->under_way++;

    ngx_queue_init(&piece->waiters);
    ngx_memcpy(piece->key, work->key, NGX_HTTP_CREDVERIFY_WORK_KEY);
    piece->node.key = ngx_http_credverify_work_hash(work->key);
    ngx_rbtree_insert(&workshop->tree, &piece->node);

    piece->timer.handler = ngx_http_credverify_work_late;
    piece->timer.data = piece;
    piece->timer.log = ngx_cycle->log;

    /* without any, a worker that is to end would not wait */

    ngx_add_timer(&piece->timer, NGX_HTTP_CREDVERIFY_WORK_WAIT);

    *begun = piece;

    return NGX_OK;
}


static ngx_http_credverify_task_t *
ngx_http_credverify_work_task(const ngx_http_credverify_work_kind_t *kind,
    ngx_http_credverify_work_t *work)
{
    u_char                      *p;
    ngx_http_credverify_task_t  *task;

    task = ngx_alloc(sizeof(ngx_http_credverify_task_t) + work->input.len
                     + work->name.len, ngx_cycle->log);
    if (task == NULL) {
        return NULL;
    }

    ngx_memzero(task, sizeof(ngx_http_credverify_task_t));

    task->task.ctx = task;
    task->task.handler = ngx_http_credverify_work_thread;
    task->task.event.handler = ngx_http_credverify_work_done;
    task->task.event.log = ngx_cycle->log;

    task->run = kind->run;
    task->with = work->with;
    cv_buf_init(&task->result, kind->max);

    task->len = work->input.len;
    p = ngx_cpymem(task->input, work->input.data, work->input.len);

    task->name.len = work->name.len;
    task->name.data = p;
    ngx_memcpy(p, work->name.data, work->name.len);

    return task;
}


static ngx_int_t
ngx_http_credverify_work_wait(ngx_http_credverify_piece_t *piece,
    ngx_http_credverify_work_t *work)
{
    return ngx_http_credverify_wait(&piece->waiters, &work->waiter) == NGX_OK
           ? NGX_AGAIN : NGX_ERROR;
}


/* in a thread, which touches its task and nothing else */

static void
ngx_http_credverify_work_thread(void *data, ngx_log_t *log)
{
    ngx_http_credverify_task_t  *task = data;

    /* a worker that is to end at once waits for all that threads have to do */

    if (ngx_terminate) {
        task->err = CV_ERR_LIMIT;
        return;
    }

    task->err = task->run(task->with, cv_str(task->input, task->len),
                          &task->result, &task->error);

    if (task->err == CV_OK && cv_buf_failed(&task->result)) {
        task->err = cv_error_set(&task->error, task->result.err,
                                 task->result.err == CV_ERR_NOMEM
                                 ? "out of memory" : "too long");
    }
}


static size_t
ngx_http_credverify_work_weight(ngx_http_credverify_piece_t *piece)
{
    return sizeof(ngx_http_credverify_piece_t) + piece->result.len;
}


static void
ngx_http_credverify_work_done(ngx_event_t *ev)
{
    ngx_http_credverify_task_t      *task;
    ngx_http_credverify_piece_t     *piece = ev->data;
    ngx_http_credverify_workshop_t  *workshop;

    workshop = piece->workshop;
    workshop->under_way--;

    task = piece->task;
    piece->task = NULL;

    if (piece->timer.timer_set) {
        ngx_del_timer(&piece->timer);
    }

    if (task->err != CV_OK) {
        ngx_http_credverify_work_failed(piece, task);
        return;
    }

    piece->result = task->result;
    cv_buf_trim(&piece->result);
    ngx_free(task);

    ngx_queue_insert_head(&workshop->done, &piece->queue);
    workshop->size += ngx_http_credverify_work_weight(piece);

    ngx_http_credverify_work_wake(piece, NGX_OK);
    ngx_http_credverify_work_expire(workshop);
}


static void
ngx_http_credverify_work_failed(ngx_http_credverify_piece_t *piece,
    ngx_http_credverify_task_t *task)
{
    if (!ngx_terminate) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: \"%V\" can not be %s: %s", &task->name,
                      piece->workshop->kind->done, task->error.text);
    }

    /* who asks now, or while the others are told, has it tried again */

    ngx_rbtree_delete(&piece->workshop->tree, &piece->node);
    ngx_http_credverify_work_wake(piece, NGX_ERROR);

    cv_buf_free(&task->result);
    ngx_free(task);
    ngx_free(piece);
}


/* who waits has waited long enough; the threads go on, and may be stuck */

static void
ngx_http_credverify_work_late(ngx_event_t *ev)
{
    ngx_http_credverify_piece_t  *piece = ev->data;

    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                  "credverify: \"%V\" is still not %s", &piece->task->name,
                  piece->workshop->kind->done);

    ngx_http_credverify_work_wake(piece, NGX_BUSY);
}


static void
ngx_http_credverify_work_woken(ngx_http_credverify_waiter_t *waiter,
    void *data)
{
    ngx_http_credverify_work_t   *work;
    ngx_http_credverify_piece_t  *piece = data;

    work = (ngx_http_credverify_work_t *) waiter;

    work->handler(work, piece->rc, cv_buf_str(&piece->result));
}


static void
ngx_http_credverify_work_wake(ngx_http_credverify_piece_t *piece, ngx_int_t rc)
{
    piece->rc = rc;

    ngx_http_credverify_wake(&piece->waiters, ngx_http_credverify_work_woken,
                             piece);
}


static void
ngx_http_credverify_work_expire(ngx_http_credverify_workshop_t *workshop)
{
    ngx_queue_t  *q;

    while (workshop->size > workshop->cache) {
        q = ngx_queue_last(&workshop->done);

        ngx_http_credverify_work_free(
                  ngx_queue_data(q, ngx_http_credverify_piece_t, queue));
    }
}


static void
ngx_http_credverify_work_free(ngx_http_credverify_piece_t *piece)
{
    ngx_rbtree_delete(&piece->workshop->tree, &piece->node);

    if (piece->task != NULL) {

        /* of a worker that ends */

        if (piece->timer.timer_set) {
            ngx_del_timer(&piece->timer);
        }

        cv_buf_free(&piece->task->result);
        ngx_free(piece->task);

    } else {
        ngx_queue_remove(&piece->queue);
        piece->workshop->size -= ngx_http_credverify_work_weight(piece);
        cv_buf_free(&piece->result);
    }

    ngx_free(piece);
}


#else

const char *
ngx_http_credverify_workshop(ngx_conf_t *cf,
    const ngx_http_credverify_work_kind_t *kind, ngx_str_t *pool, size_t cache,
    ngx_http_credverify_workshop_t **workshop)
{
    return "needs an nginx that was built with threads";
}


ngx_int_t
ngx_http_credverify_work(ngx_http_credverify_workshop_t *workshop,
    ngx_http_credverify_work_t *work, cv_str_t *result)
{
    return NGX_ERROR;
}


void
ngx_http_credverify_work_exit(ngx_cycle_t *cycle)
{
    cv_digest_free(ngx_http_credverify_work_digest);
    ngx_http_credverify_work_digest = NULL;
}

#endif
