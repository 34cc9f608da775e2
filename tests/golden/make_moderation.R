# Products of observed variables, and product indicators made by hand (double mean centring), fitted with lavaan.
# usage: Rscript make_moderation.R > moderation.json     (in this folder, after make_moderation_data.py)
suppressMessages(library(lavaan))
data <- read.csv("data/moderation.csv")
centred <- function(x, by) ave(x, by, FUN = function(v) v - mean(v, na.rm = TRUE))
# pairs: list of c(left, right). Rows that are used have all answers (listwise), or all rows are used (fiml).
with_products <- function(pairs, needed, complete, grouped) {
  rows <- if (complete) data[complete.cases(data[, needed]), ] else data
  by <- if (grouped) rows$ward else rep("all", nrow(rows))
  for (p in pairs) rows[[paste(p, collapse = ".")]] <- centred(centred(rows[[p[1]]], by) * centred(rows[[p[2]]], by), by)
  rows
}
measured <- "f1 =~ x1 + x2 + x3\nf2 =~ z1 + z2 + z3\ng =~ y1 + y2 + y3\n"
nine <- c("x1", "x2", "x3", "z1", "z2", "z3", "y1", "y2", "y3")
matched <- list(c("x1", "z1"), c("x2", "z2"), c("x3", "z3"))
every <- function(left, right) unlist(lapply(left, function(l) lapply(right, function(r) c(l, r))), recursive = FALSE)
all_pairs <- every(c("x1", "x2", "x3"), c("z1", "z2", "z3"))
by_w <- every(c("x1", "x2", "x3"), "w")
name_of <- function(pairs) sapply(pairs, paste, collapse = ".")
shared <- function(pairs) {
  out <- c()
  for (i in seq_along(pairs)) for (j in seq_along(pairs)) if (i < j && (pairs[[i]][1] == pairs[[j]][1] || pairs[[i]][2] == pairs[[j]][2]))
    out <- c(out, paste(name_of(pairs[i]), "~~", name_of(pairs[j])))
  paste(out, collapse = "\n")
}
loads <- function(pairs) paste0("P =~ ", paste(name_of(pairs), collapse = " + "), "\n")
latent <- paste0(measured, "g ~ f1 + f2 + P\n")
by_observed <- paste0("f1 =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nf1 ~~ w\ng ~ f1 + w + P\n", loads(by_w), "P ~~ w\n")
# what trustsem is asked for | what lavaan gets
cases <- list(
  list(id = "observed", model = "y1 ~ x1 + w + x1:w", product = "x1:w", options = list(),
    lavaan = "y1 ~ x1 + w + x1:w", rows = data),
  list(id = "observed-fiml", model = "y1 ~ x1 + w + x1:w", product = "x1:w", options = list(missing = "fiml"),
    lavaan = "y1 ~ x1 + w + x1:w", rows = data),
  list(id = "matched", model = paste0(measured, "g ~ f1 + f2 + f1:f2"), product = "f1:f2", options = list(estimator = "MLR"),
    lavaan = paste0(latent, loads(matched)), rows = with_products(matched, nine, TRUE, FALSE)),
  list(id = "all", model = paste0(measured, "g ~ f1 + f2 + f1:f2"), product = "f1:f2",
    options = list(estimator = "MLR", product_indicators = "all"),
    lavaan = paste0(latent, loads(all_pairs), shared(all_pairs)), rows = with_products(all_pairs, nine, TRUE, FALSE)),
  list(id = "matched-fiml", model = paste0(measured, "g ~ f1 + f2 + f1:f2"), product = "f1:f2",
    options = list(estimator = "MLR", missing = "fiml"),
    lavaan = paste0(latent, loads(matched)), rows = with_products(matched, nine, FALSE, FALSE)),
  list(id = "groups", model = paste0(measured, "g ~ f1 + f2 + f1:f2"), product = "f1:f2",
    options = list(estimator = "MLR", group = "ward"),
    lavaan = paste0(latent, loads(matched)), rows = with_products(matched, nine, TRUE, TRUE)),
  list(id = "factor-by-observed", model = "f1 =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nf1 ~~ w\ng ~ f1 + w + f1:w", product = "f1:w",
    options = list(estimator = "MLR"),
    lavaan = by_observed, rows = with_products(by_w, c("x1", "x2", "x3", "y1", "y2", "y3", "w"), TRUE, FALSE))
)
number <- function(x) ifelse(is.finite(x), trimws(formatC(unname(x), digits = 12, format = "g")), "null")
text <- function(x) paste0('"', gsub("\n", "\\\\n", x), '"')
case_json <- function(case) {
  lavaan_options <- case$options[setdiff(names(case$options), "product_indicators")]
  f <- do.call("sem", c(list(model = case$lavaan, data = case$rows), lavaan_options))
  p <- parameterEstimates(f, standardized = TRUE)
  if (is.null(p$group)) p$group <- 1
  name <- function(x) ifelse(x == "P", case$product, x)
  rows <- sprintf('{"lhs": "%s", "op": "%s", "rhs": "%s", "group": %d, "est": %s, "se": %s, "std_all": %s}', name(p$lhs), p$op,
    name(p$rhs), p$group, number(p$est), number(p$se), number(p$std.all))
  m <- fitMeasures(f)
  wanted <- intersect(c("npar", "chisq", "df", "logl", "chisq.scaled", "srmr"), names(m))
  sprintf('{"id": %s, "model": %s, "options": {%s},\n  "n_obs": %d,\n  "measures": {%s},\n  "estimates": [\n    %s]}', text(case$id),
    text(case$model), paste(sprintf('"%s": "%s"', names(case$options), unlist(case$options)), collapse = ", "),
    as.integer(lavInspect(f, "ntotal")), paste(sprintf('"%s": %s', sub("\\.", "_", wanted), number(m[wanted])), collapse = ", "),
    paste(rows, collapse = ",\n    "))
}
cat('{"_meta": {"tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_moderation.R", "data": "data/moderation.csv", "data_script": "make_moderation_data.py"},\n "cases": [\n', sep = "")
cat(paste(sapply(cases, case_json), collapse = ",\n"))
cat("\n]}\n")
