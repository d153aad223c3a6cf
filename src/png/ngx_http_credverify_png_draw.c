
/*
 * Copyright (C) The credverify authors
 *
 * Pictures of a worker: those that are being drawn by its threads, each once
 * whoever waits for it, and those that were, the last used of them as far as
 * there is room.
 *
 * A thread has the task of its picture, and nothing else, until nginx calls
 * back in the event loop; it never sees a request, which may end meanwhile.
 */

#include "ngx_http_credverify_png_draw.h"
#include "cv_raster.h"


/* pictures at a time: a second or so of work for two threads */
#define NGX_HTTP_CREDVERIFY_PNG_DRAWING  64

/* milliseconds: as long may requests wait, and a worker that is to end */
#define NGX_HTTP_CREDVERIFY_PNG_WAIT     30000

#define NGX_HTTP_CREDVERIFY_PNG_FIRST    (64 * 1024)
#define NGX_HTTP_CREDVERIFY_PNG_MAX      (16 * 1024 * 1024)


typedef struct ngx_http_credverify_task_s  ngx_http_credverify_task_t;

typedef struct {
    ngx_rbtree_node_t            node;        /* by the beginning of "key" */
    ngx_queue_t                  queue;       /* if it is drawn */
    ngx_queue_t                  waiters;     /* ngx_http_credverify_drawing_t */
    ngx_event_t                  timer;
    ngx_http_credverify_task_t  *task;        /* NULL: it is drawn */
    u_char                      *png;
    size_t                       len;
    u_char                       key[NGX_HTTP_CREDVERIFY_PNG_KEY];
} ngx_http_credverify_picture_t;

struct ngx_http_credverify_task_s {
    ngx_thread_task_t            task;

    ngx_str_t                    name;
    ngx_uint_t                   width;
    ngx_uint_t                   height;

    cv_err_t                     err;
    cv_error_t                   error;
    u_char                      *png;
    size_t                       len;
    size_t                       size;

    size_t                       svg_len;
    u_char                       svg[];       /* followed by the name */
};


static ngx_http_credverify_picture_t *ngx_http_credverify_png_find(
    const u_char *key);
static void ngx_http_credverify_png_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_int_t ngx_http_credverify_png_begin(
    ngx_http_credverify_drawing_t *drawing,
    ngx_http_credverify_picture_t **begun);
static ngx_http_credverify_task_t *ngx_http_credverify_png_task(
    ngx_http_credverify_drawing_t *drawing);
static ngx_int_t ngx_http_credverify_png_wait(
    ngx_http_credverify_picture_t *picture,
    ngx_http_credverify_drawing_t *drawing);
static void ngx_http_credverify_png_leave(void *data);
static void ngx_http_credverify_png_thread(void *data, ngx_log_t *log);
static bool ngx_http_credverify_png_append(void *to, const void *data,
    size_t len);
static void ngx_http_credverify_png_done(ngx_event_t *ev);
static void ngx_http_credverify_png_late(ngx_event_t *ev);
static void ngx_http_credverify_png_wake(
    ngx_http_credverify_picture_t *picture, ngx_int_t rc);
static void ngx_http_credverify_png_expire(size_t room);
static void ngx_http_credverify_png_free(
    ngx_http_credverify_picture_t *picture);


static ngx_rbtree_t       ngx_http_credverify_png_tree;
static ngx_rbtree_node_t  ngx_http_credverify_png_sentinel;
static ngx_queue_t        ngx_http_credverify_png_drawn;    /* last used first */
static size_t             ngx_http_credverify_png_size;     /* of those */
static ngx_uint_t         ngx_http_credverify_png_drawing;


ngx_int_t
ngx_http_credverify_png_init_worker(ngx_cycle_t *cycle)
{
    ngx_rbtree_init(&ngx_http_credverify_png_tree,
                    &ngx_http_credverify_png_sentinel,
                    ngx_http_credverify_png_insert);
    ngx_queue_init(&ngx_http_credverify_png_drawn);

    return NGX_OK;
}


/* the threads have ended before, with all that they had to do */

void
ngx_http_credverify_png_exit_worker(ngx_cycle_t *cycle)
{
    ngx_rbtree_t  *tree;

    tree = &ngx_http_credverify_png_tree;

    while (tree->root != tree->sentinel) {
        ngx_http_credverify_png_free(
                          (ngx_http_credverify_picture_t *) tree->root);
    }
}


ngx_int_t
ngx_http_credverify_png_draw(ngx_http_credverify_drawing_t *drawing,
    cv_str_t *png)
{
    ngx_int_t                       rc;
    ngx_http_credverify_picture_t  *picture;

    picture = ngx_http_credverify_png_find(drawing->key);

    if (picture == NULL) {
        rc = ngx_http_credverify_png_begin(drawing, &picture);

        return rc == NGX_OK ? ngx_http_credverify_png_wait(picture, drawing)
                            : rc;
    }

    if (picture->task == NULL) {
        ngx_queue_remove(&picture->queue);
        ngx_queue_insert_head(&ngx_http_credverify_png_drawn, &picture->queue);

        *png = cv_str(picture->png, picture->len);

        return NGX_OK;
    }

    /* without a timer it is late */

    return picture->timer.timer_set
           ? ngx_http_credverify_png_wait(picture, drawing) : NGX_BUSY;
}


/* the tree compares the beginning of the keys, and all of those that share it */

static ngx_rbtree_key_t
ngx_http_credverify_png_hash(const u_char *key)
{
    ngx_rbtree_key_t  hash;

    ngx_memcpy(&hash, key, sizeof(ngx_rbtree_key_t));

    return hash;
}


static ngx_http_credverify_picture_t *
ngx_http_credverify_png_find(const u_char *key)
{
    ngx_int_t                       rc;
    ngx_rbtree_key_t                hash;
    ngx_rbtree_node_t              *node;
    ngx_http_credverify_picture_t  *picture;

    hash = ngx_http_credverify_png_hash(key);
    node = ngx_http_credverify_png_tree.root;

    while (node != &ngx_http_credverify_png_sentinel) {

        if (hash != node->key) {
            node = hash < node->key ? node->left : node->right;
            continue;
        }

        picture = (ngx_http_credverify_picture_t *) node;
        rc = ngx_memcmp(key, picture->key, NGX_HTTP_CREDVERIFY_PNG_KEY);

        if (rc == 0) {
            return picture;
        }

        node = rc < 0 ? node->left : node->right;
    }

    return NULL;
}


static void
ngx_http_credverify_png_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    u_char              *key;
    ngx_rbtree_node_t  **p;

    key = ((ngx_http_credverify_picture_t *) node)->key;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;

        } else {
            p = ngx_memcmp(key, ((ngx_http_credverify_picture_t *) temp)->key,
                           NGX_HTTP_CREDVERIFY_PNG_KEY)
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


/* gives a picture to the threads */

static ngx_int_t
ngx_http_credverify_png_begin(ngx_http_credverify_drawing_t *drawing,
    ngx_http_credverify_picture_t **begun)
{
    ngx_http_credverify_picture_t   *picture;
    ngx_http_credverify_png_conf_t  *pcf;

    if (ngx_http_credverify_png_drawing == NGX_HTTP_CREDVERIFY_PNG_DRAWING) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "credverify: %ui pictures are being drawn, and \"%V\" "
                      "is not", ngx_http_credverify_png_drawing,
                      &drawing->name);
        return NGX_BUSY;
    }

    picture = ngx_calloc(sizeof(ngx_http_credverify_picture_t),
                         ngx_cycle->log);
    if (picture == NULL) {
        return NGX_ERROR;
    }

    picture->task = ngx_http_credverify_png_task(drawing);
    if (picture->task == NULL) {
        ngx_free(picture);
        return NGX_ERROR;
    }

    picture->task->task.event.data = picture;

    pcf = ngx_http_get_module_main_conf(drawing->request,
                                        ngx_http_credverify_png_module);

    if (ngx_thread_task_post(pcf->pool, &picture->task->task) != NGX_OK) {
        ngx_free(picture->task);
        ngx_free(picture);
        return NGX_BUSY;
    }

    ngx_http_credverify_png_drawing++;

    ngx_queue_init(&picture->waiters);
    ngx_memcpy(picture->key, drawing->key, NGX_HTTP_CREDVERIFY_PNG_KEY);
    picture->node.key = ngx_http_credverify_png_hash(drawing->key);
    ngx_rbtree_insert(&ngx_http_credverify_png_tree, &picture->node);

    picture->timer.handler = ngx_http_credverify_png_late;
    picture->timer.data = picture;
    picture->timer.log = ngx_cycle->log;

    /* without any, a worker that is to end would not wait */

    ngx_add_timer(&picture->timer, NGX_HTTP_CREDVERIFY_PNG_WAIT);

    *begun = picture;

    return NGX_OK;
}


static ngx_http_credverify_task_t *
ngx_http_credverify_png_task(ngx_http_credverify_drawing_t *drawing)
{
    u_char                      *p;
    ngx_http_credverify_task_t  *task;

    task = ngx_alloc(sizeof(ngx_http_credverify_task_t) + drawing->svg.len
                     + drawing->name.len, ngx_cycle->log);
    if (task == NULL) {
        return NULL;
    }

    ngx_memzero(task, sizeof(ngx_http_credverify_task_t));

    task->task.ctx = task;
    task->task.handler = ngx_http_credverify_png_thread;
    task->task.event.handler = ngx_http_credverify_png_done;
    task->task.event.log = ngx_cycle->log;

    task->width = drawing->width;
    task->height = drawing->height;
    task->svg_len = drawing->svg.len;
    task->name.len = drawing->name.len;

    p = ngx_cpymem(task->svg, drawing->svg.data, drawing->svg.len);
    task->name.data = p;
    ngx_memcpy(p, drawing->name.data, drawing->name.len);

    return task;
}


static ngx_int_t
ngx_http_credverify_png_wait(ngx_http_credverify_picture_t *picture,
    ngx_http_credverify_drawing_t *drawing)
{
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(drawing->request, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_credverify_png_leave;
    cln->data = drawing;

    drawing->waits = 1;
    ngx_queue_insert_tail(&picture->waiters, &drawing->queue);

    return NGX_AGAIN;
}


static void
ngx_http_credverify_png_leave(void *data)
{
    ngx_http_credverify_drawing_t  *drawing = data;

    if (drawing->waits) {
        drawing->waits = 0;
        ngx_queue_remove(&drawing->queue);
    }
}


/* in a thread, which touches its task and nothing else */

static void
ngx_http_credverify_png_thread(void *data, ngx_log_t *log)
{
    ngx_http_credverify_task_t  *task = data;

    /* a worker that is to end at once waits for all that threads have to do */

    if (ngx_terminate) {
        task->err = CV_ERR_LIMIT;
        return;
    }

    task->err = cv_raster(cv_str(task->svg, task->svg_len),
                          (unsigned) task->width, (unsigned) task->height,
                          ngx_http_credverify_png_append, task, &task->error);
}


static bool
ngx_http_credverify_png_append(void *to, const void *data, size_t len)
{
    ngx_http_credverify_task_t  *task = to;

    size_t   size;
    u_char  *png;

    if (len > NGX_HTTP_CREDVERIFY_PNG_MAX - task->len) {
        return false;
    }

    size = task->size > 0 ? task->size : NGX_HTTP_CREDVERIFY_PNG_FIRST;

    while (size < task->len + len) {
        size *= 2;
    }

    if (size > task->size) {
        png = realloc(task->png, size);
        if (png == NULL) {
            return false;
        }

        task->png = png;
        task->size = size;
    }

    ngx_memcpy(task->png + task->len, data, len);
    task->len += len;

    return true;
}


static size_t
ngx_http_credverify_png_weight(ngx_http_credverify_picture_t *picture)
{
    return sizeof(ngx_http_credverify_picture_t) + picture->len;
}


static void
ngx_http_credverify_png_done(ngx_event_t *ev)
{
    u_char                          *png;
    ngx_http_credverify_task_t      *task;
    ngx_http_credverify_picture_t   *picture = ev->data;
    ngx_http_credverify_png_conf_t  *pcf;

    task = picture->task;
    picture->task = NULL;
    ngx_http_credverify_png_drawing--;

    if (picture->timer.timer_set) {
        ngx_del_timer(&picture->timer);
    }

    if (task->err != CV_OK) {
        if (!ngx_terminate) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "credverify: \"%V\" can not be drawn: %s",
                          &task->name, task->error.text);
        }

        /* who asks now, or while the others are told, has it tried again */

        ngx_rbtree_delete(&ngx_http_credverify_png_tree, &picture->node);
        ngx_http_credverify_png_wake(picture, NGX_ERROR);

        free(task->png);
        ngx_free(task);
        ngx_free(picture);
        return;
    }

    png = realloc(task->png, task->len);

    picture->png = png != NULL ? png : task->png;
    picture->len = task->len;
    ngx_free(task);

    ngx_queue_insert_head(&ngx_http_credverify_png_drawn, &picture->queue);
    ngx_http_credverify_png_size += ngx_http_credverify_png_weight(picture);

    ngx_http_credverify_png_wake(picture, NGX_OK);

    pcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                              ngx_http_credverify_png_module);

    ngx_http_credverify_png_expire(pcf->cache);
}


/* who waits has waited long enough; the threads go on, and may be stuck */

static void
ngx_http_credverify_png_late(ngx_event_t *ev)
{
    ngx_http_credverify_picture_t  *picture = ev->data;

    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                  "credverify: \"%V\" is still not drawn",
                  &picture->task->name);

    ngx_http_credverify_png_wake(picture, NGX_BUSY);
}


static void
ngx_http_credverify_png_wake(ngx_http_credverify_picture_t *picture,
    ngx_int_t rc)
{
    cv_str_t                        png;
    ngx_queue_t                    *q;
    ngx_connection_t               *c;
    ngx_http_credverify_drawing_t  *drawing;

    png = cv_str(picture->png, picture->len);

    while (!ngx_queue_empty(&picture->waiters)) {
        q = ngx_queue_head(&picture->waiters);
        ngx_queue_remove(q);

        drawing = ngx_queue_data(q, ngx_http_credverify_drawing_t, queue);
        drawing->waits = 0;

        c = drawing->request->connection;

        drawing->handler(drawing, rc, png);
        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_http_credverify_png_expire(size_t room)
{
    ngx_queue_t  *q;

    while (ngx_http_credverify_png_size > room) {
        q = ngx_queue_last(&ngx_http_credverify_png_drawn);

        ngx_http_credverify_png_free(
                  ngx_queue_data(q, ngx_http_credverify_picture_t, queue));
    }
}


static void
ngx_http_credverify_png_free(ngx_http_credverify_picture_t *picture)
{
    ngx_rbtree_delete(&ngx_http_credverify_png_tree, &picture->node);

    if (picture->task != NULL) {

        /* of a worker that ends */

        if (picture->timer.timer_set) {
            ngx_del_timer(&picture->timer);
        }

        free(picture->task->png);
        ngx_free(picture->task);

    } else {
        ngx_queue_remove(&picture->queue);
        ngx_http_credverify_png_size -= ngx_http_credverify_png_weight(picture);
        free(picture->png);
    }

    ngx_free(picture);
}
