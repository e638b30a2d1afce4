// load("recordset.asc"): the class RecordSet, a table as gateways send it.
//
// On the wire it has one member, serverInfo, which is made when the object travels and read when
// it arrives. A gateway may keep part of a table for itself: its records come when they are asked
// for, and until all are here, the table cannot be changed.
(function (host) {
    "use strict";
    const { apply, defineProperty } = Reflect;
    const { Array, Map, Number, Object, Set, String, TypeError } = globalThis;
    const { isArray } = Array;
    const { isInteger } = Number;
    const sort = Array.prototype.sort;
    const splice = Array.prototype.splice;

    const PENDING = "in progress";
    const PAGE_SIZE = 25;
    const LENGTH_MAX = 0x7fffffff;

    const isObject = (value) => value !== null && typeof value === "object";

    function put(object, name, value) {
        defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }

    function copy(list) {
        const copied = [];
        for (let i = 0; i < list.length; i++) copied[i] = list[i];
        return copied;
    }

    class RecordSet {
        #columns;
        // All records, each with its id; or those that are here, by index, when there are others.
        #rows = [];
        #lastId = 0;
        #views = [];
        #remote;

        constructor(columnNames) {
            this.#columns = isArray(columnNames) ? copy(columnNames) : [];
            const own = (get, set, enumerable) => ({ get, set, enumerable, configurable: true });
            const give = () => this.#give();
            const take = (info) => this.#take(info);
            defineProperty(this, "serverInfo", own(give, take, true));
            // Some gateways write it like this.
            defineProperty(this, "serverinfo", own(give, take, false));
        }

        #give() {
            const initialData = [];
            for (let at = 0; at < this.getLength(); at++) {
                const row = this.#row(at);
                if (row === undefined) break;
                const cells = [];
                for (let i = 0; i < this.#columns.length; i++) cells[i] = row.item[this.#columns[i]];
                initialData[at] = cells;
            }
            const { id = null, serviceName = null } = this.#remote || {};
            const columnNames = copy(this.#columns);
            const totalCount = this.getLength();
            return { totalCount, initialData, cursor: 1, serviceName, columnNames, version: 1, id };
        }

        #take(info) {
            if (!isObject(info)) return;
            const rows = isArray(info.initialData) ? info.initialData : [];
            this.#columns = [];
            if (isArray(info.columnNames)) {
                for (let i = 0; i < info.columnNames.length; i++) this.#columns[i] = String(info.columnNames[i]);
            }
            const { totalCount } = info;
            const known = isInteger(totalCount) && totalCount >= 0 && totalCount <= LENGTH_MAX;
            const total = known ? totalCount : rows.length;
            this.#rows = [];
            this.#remote = {
                id: info.id, serviceName: String(info.serviceName), total, connection: undefined,
                here: new Map(), asked: new Set(), mode: "ondemand", pageSize: PAGE_SIZE, ahead: 0,
            };
            this.#arrive(isInteger(info.cursor) ? info.cursor : 1, rows);
        }

        // Records of the gateway; the first is number 1.
        #arrive(cursor, rows) {
            const remote = this.#remote;
            for (let i = 0; i < rows.length; i++) {
                const at = cursor - 1 + i;
                if (at < 0 || at >= remote.total || !isArray(rows[i])) continue;
                if (!remote.here.has(at)) remote.here.set(at, this.#record(this.#item(rows[i])));
            }
            if (remote.here.size < remote.total) return;
            for (let at = 0; at < remote.total; at++) this.#rows[at] = remote.here.get(at);
            this.#remote = undefined;
        }

        #item(cells) {
            const item = {};
            for (let i = 0; i < this.#columns.length; i++) put(item, this.#columns[i], cells[i]);
            return item;
        }

        #record(item) {
            this.#lastId += 1;
            return { id: this.#lastId, item };
        }

        #row(index) {
            return this.#remote === undefined ? this.#rows[index] : this.#remote.here.get(index);
        }

        getColumnNames() {
            return copy(this.#columns);
        }

        getLength() {
            return this.#remote === undefined ? this.#rows.length : this.#remote.total;
        }

        getNumberAvailable() {
            return this.#remote === undefined ? this.#rows.length : this.#remote.here.size;
        }

        isFullyPopulated() {
            return this.#remote === undefined;
        }

        isLocal() {
            return this.#remote === undefined;
        }

        getItemAt(index) {
            if (!(index >= 0 && index < this.getLength())) return null;
            const row = this.#row(index);
            if (row !== undefined) return row.item;
            const { mode, pageSize, ahead } = this.#remote;
            if (mode === "ondemand") {
                this.#ask(index, 1);
            } else {
                const first = index - index % pageSize;
                for (let page = 0; page <= ahead; page++) this.#ask(first + page * pageSize, pageSize);
            }
            return PENDING;
        }

        getItemID(index) {
            const row = this.#row(index);
            return row === undefined ? undefined : row.id;
        }

        contains(item) {
            for (let i = 0; i < this.getLength(); i++) {
                const row = this.#row(i);
                if (row === undefined) return false;
                if (row.item === item) return true;
            }
            return false;
        }

        // "ondemand" asks for each record, "page" for those around it, "fetchall" for everything.
        setDeliveryMode(mode, pageSize, numPrefetchPages) {
            if (this.#remote === undefined) return;
            const size = Number(pageSize);
            const ahead = Number(numPrefetchPages);
            this.#remote.mode = String(mode);
            this.#remote.pageSize = isInteger(size) && size > 0 ? size : PAGE_SIZE;
            this.#remote.ahead = isInteger(ahead) && ahead > 0 ? ahead : 0;
            if (this.#remote.mode === "fetchall") this.#askNext();
        }

        // Asks for records that are not here and not asked for.
        #ask(first, count) {
            const { connection, serviceName, id, total, here, asked } = this.#remote;
            if (connection === undefined) return;
            const end = first + count < total ? first + count : total;
            while (first < end && (here.has(first) || asked.has(first))) first++;
            let after = first;
            while (after < end && !here.has(after) && !asked.has(after)) after++;
            if (first === after) return;
            const settle = () => {
                for (let at = first; at < after; at++) asked.delete(at);
            };
            const responder = {
                onResult: (page) => {
                    settle();
                    this.#page(page);
                },
                onStatus: (info) => {
                    settle();
                    host.tell(connection, info);
                },
            };
            for (let at = first; at < after; at++) asked.add(at);
            if (!connection.call(serviceName + ".getRecords", responder, id, first + 1, after - first)) settle();
        }

        #askNext() {
            const { total, here, pageSize } = this.#remote;
            let first = 0;
            while (first < total && here.has(first)) first++;
            this.#ask(first, pageSize);
        }

        #page(page) {
            if (this.#remote === undefined || !isObject(page) || !isArray(page.Page)) return;
            const before = this.#remote.here.size;
            const cursor = isInteger(page.Cursor) ? page.Cursor : 1;
            this.#arrive(cursor, page.Page);
            if (this.#remote === undefined) {
                this.#changed({ event: "allRows" });
            } else {
                this.#changed({ event: "fetchRows", firstRow: cursor - 1, lastRow: cursor + page.Page.length - 2 });
                // A page that brings nothing ends it.
                if (this.#remote.mode === "fetchall" && this.#remote.here.size > before) this.#askNext();
            }
        }

        addView(viewObj) {
            this.#views[this.#views.length] = viewObj;
        }

        #changed(event) {
            const views = copy(this.#views);
            for (let i = 0; i < views.length; i++) {
                const handler = views[i] === null || views[i] === undefined ? undefined : views[i].modelChanged;
                if (typeof handler === "function") apply(handler, views[i], [event]);
            }
        }

        #mayChange(method) {
            if (this.#remote === undefined) return true;
            host.warn("RecordSet." + method + ": some records are still at the gateway");
            return false;
        }

        #has(index) {
            return isInteger(index) && index >= 0 && index < this.#rows.length;
        }

        addItem(item) {
            this.addItemAt(this.getLength(), item);
        }

        addItemAt(index, item) {
            if (!this.#mayChange("addItemAt")) return;
            if (index !== this.#rows.length && !this.#has(index)) return;
            apply(splice, this.#rows, [index, 0, this.#record(item)]);
            this.#changed({ event: "addRows", firstRow: index, lastRow: index });
        }

        removeItemAt(index) {
            if (!this.#mayChange("removeItemAt") || !this.#has(index)) return;
            apply(splice, this.#rows, [index, 1]);
            this.#changed({ event: "deleteRows", firstRow: index, lastRow: index });
        }

        removeAll() {
            if (!this.#mayChange("removeAll")) return;
            this.#rows = [];
            this.#changed({ event: "updateAll" });
        }

        replaceItemAt(index, item) {
            if (!this.#mayChange("replaceItemAt") || !this.#has(index)) return;
            this.#rows[index] = this.#record(item);
            this.#changed({ event: "updateRows", firstRow: index, lastRow: index });
        }

        setField(index, fieldName, value) {
            if (!this.#mayChange("setField") || !this.#has(index)) return;
            const { item } = this.#rows[index];
            if (!isObject(item)) return;
            put(item, String(fieldName), value);
            this.#changed({ event: "updateRows", firstRow: index, lastRow: index });
        }

        // A table of the records for which the function answers true; it gets the context too.
        filter(filterFunction, context) {
            if (typeof filterFunction !== "function") throw new TypeError("filter needs a function");
            const result = new RecordSet(this.#columns);
            if (!this.#mayChange("filter")) return result;
            const rows = copy(this.#rows);
            for (let i = 0; i < rows.length; i++) {
                if (filterFunction(rows[i].item, context)) result.addItem(rows[i].item);
            }
            return result;
        }

        sort(compareFunc) {
            if (!this.#mayChange("sort")) return;
            apply(sort, this.#rows, [(a, b) => compareFunc(a.item, b.item)]);
            this.#changed({ event: "sort" });
        }

        // One field, or several of which each decides between those that are equal in the former.
        sortItemsBy(fieldNames, direction) {
            const names = isArray(fieldNames) ? fieldNames : [fieldNames];
            const sign = direction === "DESC" ? -1 : 1;
            this.sort((a, b) => {
                for (let i = 0; i < names.length; i++) {
                    if (a[names[i]] < b[names[i]]) return -sign;
                    if (a[names[i]] > b[names[i]]) return sign;
                }
                return 0;
            });
        }

        static {
            // Where the records come from that are not here.
            host.adoptRecords = function (value, connection) {
                if (isObject(value) && #remote in value && value.#remote !== undefined) {
                    value.#remote.connection = connection;
                }
            };
        }
    }

    host.define("RecordSet", RecordSet);
    host.registerClass("RecordSet", RecordSet);
})
