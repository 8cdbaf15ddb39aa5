/* Search in the prebuilt index. Terms are cut as in reports/terms.py; MiniSearch ranks them. */
"use strict";

(() => {
  const SILENT = new Set(
    ("a an and any are as at be by for from has have if in is it may not of on or our such that the their these they this "
      + "to us was we will with you your").split(" "),
  );
  const LIMIT = 50;
  const tokenize = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const processTerm = (term) => (term && !SILENT.has(term) && term.length <= 40 ? term : null);
  const options = { fields: ["text"], tokenize, processTerm };
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("clausewatch", {
      createScriptURL: (url) => {
        if (!/^search\/terms-(?:[a-z0]|other)\.js\?[0-9a-f]*$/.test(url)) throw new TypeError("not a part of the index");
        return url;
      },
    })
    : { createScriptURL: (url) => url };

  const tools = document.getElementById("search");
  const query = document.getElementById("query");
  const category = document.getElementById("category");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const terms = new Map();
  let all = null;
  let index = null;
  let newest = 0;

  const waiting = new Map();
  window.clausewatchTerms = (name, entries) => {
    terms.set(name, entries);
    index = null;
    waiting.get(name)?.();
  };

  const shardOf = (term) => (/^[a-z]/.test(term) ? term[0] : /^[0-9]/.test(term) ? "0" : "other");

  const load = (name) => {
    if (terms.has(name)) return Promise.resolve();
    return new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = policy.createScriptURL(`search/terms-${name}.js?${tools.dataset.index}`);
      waiting.set(name, resolve);
      script.addEventListener("error", () => { terms.set(name, []); resolve(); });
      document.head.append(script);
    });
  };

  const build = () => {
    const count = all.lengths.length;
    const numbers = Object.fromEntries(all.lengths.map((_, place) => [place, place]));
    const lengths = Object.fromEntries(all.lengths.map((length, place) => [place, [length]]));
    const entries = [];
    for (const shard of terms.values()) {
      for (const [term, postings] of shard) {
        const frequencies = {};
        for (let at = 0; at < postings.length; at += 2) frequencies[postings[at]] = postings[at + 1];
        entries.push([term, { 0: frequencies }]);
      }
    }
    return MiniSearch.loadJS({
      documentCount: count,
      nextId: count,
      documentIds: numbers,
      fieldIds: { text: 0 },
      fieldLength: lengths,
      averageFieldLength: [all.lengths.reduce((sum, length) => sum + length, 0) / Math.max(count, 1)],
      storedFields: {},
      dirtCount: 0,
      index: entries,
      serializationVersion: 2,
    }, options);
  };

  /* Words that name a vendor narrow the search to it, as long as other words are left to look for. */
  const narrowed = (words) => {
    const vendors = new Set();
    const rest = words.filter((word) => {
      const named = all.documents.map((one, place) => (one[3].includes(word) ? place : -1)).filter((place) => place >= 0);
      for (const place of named) vendors.add(place);
      return named.length === 0;
    });
    return vendors.size && rest.length ? [rest, (place) => vendors.has(place)] : [words, () => true];
  };

  const hit = (number) => {
    const [place, block, heading, teaser] = all.sections[number];
    const [page, vendor, name, , rest, shown] = all.documents[place];
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${rest && block >= shown ? rest : page}#b${block}`;
    link.textContent = `${vendor}: ${name}${heading ? `, ${heading}` : ""}`;
    const text = document.createElement("span");
    text.className = "teaser";
    text.textContent = teaser;
    item.append(link, text);
    return item;
  };

  const search = async () => {
    const turn = ++newest;
    const words = tokenize(query.value).map(processTerm).filter(Boolean).slice(0, 12);
    if (!words.length) {
      results.replaceChildren();
      found.textContent = "";
      return;
    }
    const [rest, fits] = narrowed(words);
    await Promise.all([...new Set(rest.map(shardOf))].map(load));
    if (turn !== newest) return;
    index ??= build();
    const wanted = category.value;
    const keep = (number) => fits(all.sections[number][0]) && (!wanted || all.sections[number][4].includes(wanted));
    const ask = (combineWith) => index.search(rest.join(" "), {
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      combineWith,
      filter: (result) => keep(result.id),
    });
    const whole = ask("AND");
    const hits = whole.length ? whole : ask("OR");
    results.replaceChildren(...hits.slice(0, LIMIT).map((result) => hit(result.id)));
    const number = hits.length === 1 ? "1 section" : `${hits.length} sections`;
    found.textContent = (whole.length || !hits.length ? number : `No section has all the words; ${number} with some of them`)
      + (hits.length > LIMIT ? `, the best ${LIMIT} shown` : "");
  };

  /* A search can be kept as a link. */
  const remember = () => {
    const asked = query.value.trim();
    history.replaceState(null, "", asked ? `#${encodeURIComponent(asked)}` : location.pathname);
  };

  const begin = (data) => {
    all = data;
    document.getElementById("unable").remove();
    tools.hidden = false;
    query.value = location.hash.length > 1 ? decodeURIComponent(location.hash.slice(1)) : query.value;
    query.addEventListener("input", () => { remember(); search(); });
    category.addEventListener("change", search);
    search();
  };

  if (window.clausewatchData) begin(window.clausewatchData);
})();
