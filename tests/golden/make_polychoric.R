# Thresholds, polychoric, polyserial and Pearson correlations, slopes and their asymptotic covariance of lavaan.
# usage: Rscript make_polychoric.R > polychoric.json     (in this folder; lavaan only: the JSON is written by hand)
suppressMessages(library(lavaan))
read <- function(name) read.csv(paste0("data/", name, ".csv"))
items <- c("ii1", "ii2", "ii3", "ec1", "ipt1")
mixed <- read("trust-mixed")
age <- read("trust-ordinal-age")
age$inpatient <- as.numeric(age$clinic == "inpatient")
mixed_age <- cbind(mixed, age[, c("age", "inpatient")])
design <- read("trust-ordinal-design")
mixed_design <- cbind(mixed, w = design$w)
age_design <- cbind(age, w = design$w)
missing <- read("trust-ordinal-missing")
mixed_missing <- mixed
for (v in c("ii1", "ii2")) mixed_missing[[v]] <- missing[[v]]
mixed_missing$ipt1_raw[is.na(missing$ipt1)] <- NA
mixed_missing$ipt2_raw[is.na(missing$ipt2)] <- NA
missing_weights <- cbind(missing, w = design$w)
# 2 x 2 tables with one empty cell: on the diagonal, off the diagonal
low <- mixed
low$a <- as.numeric(low$ii1 > 4 & low$ii2 > 2)
low$b <- as.numeric(low$ii2 > 2)
low$c <- as.numeric(low$ii2 < 2)
low$w <- design$w
sparse <- mixed[1:60, ]
levels <- mixed
levels$ii1 <- pmin(levels$ii1, 3)
levels$ii3 <- as.numeric(levels$ii3 > 2)
# bounded: lavaan leaves respondents far out (5.9 standard deviations) out of the polyserial likelihood
levels$skewed <- round(exp(pmin(levels$ipt1_raw, 2) / 1.5), 6)
age_missing <- missing
age_missing$age <- age$age
cases <- list(
  list("ordinal", read("trust-ordinal"), c(items, "ipt2"), items = c(items, "ipt2"), c(), list()),
  list("binary", read("trust-binary"), c(items, "ipt2"), items = c(items, "ipt2"), c(), list()),
  list("mixed", mixed, c("ii1", "ipt1_raw", "ii2", "ipt2_raw", "ipt3_raw"), c("ii1", "ii2"), c(), list()),
  list("covariates", age, items, items, c("age", "inpatient"), list()),
  list("mixed-covariates", mixed_age, c("ii1", "ipt1_raw", "ii2", "ipt2_raw"), c("ii1", "ii2"), c("age", "inpatient"), list()),
  list("pairwise", missing, items, items, c(), list(missing = "pairwise")),
  list("mixed-pairwise", mixed_missing, c("ii1", "ipt1_raw", "ii2", "ipt2_raw"), c("ii1", "ii2"), c(), list(missing = "pairwise")),
  list("weights", design, items, items, c(), list(sampling.weights = "w")),
  list("mixed-weights", mixed_design, c("ii1", "ipt1_raw", "ii2", "ipt2_raw"), c("ii1", "ii2"), c(), list(sampling.weights = "w")),
  list("covariates-weights", age_design, items[1:4], items[1:4], c("age"), list(sampling.weights = "w")),
  list("empty-cell-of-four", low, c("a", "b", "c", "ec1"), c("a", "b", "c", "ec1"), c(), list()),
  list("empty-cells-of-many", sparse, items[1:4], items[1:4], c(), list()),
  list("empty-cells-of-many-filled", sparse, items[1:4], items[1:4], c(), list(zero.add = c(.5, .2))),
  list("empty-cell-of-four-without-margins", low, c("a", "b", "ec1"), c("a", "b", "ec1"), c(),
    list(zero.add = c(.4, 0), zero.keep.margins = FALSE)),
  list("empty-cell-of-four-weights", low, c("a", "c", "ec1"), c("a", "c", "ec1"), c(), list(sampling.weights = "w")),
  list("levels-differ", levels, c("ii1", "ec1", "skewed", "ii3"), c("ii1", "ec1", "ii3"), c(), list()),
  list("pairwise-weights", missing_weights, items[1:4], items[1:4], c(), list(missing = "pairwise", sampling.weights = "w")),
  list("covariates-pairwise", age_missing, items[1:4], items[1:4], c("age"), list(missing = "pairwise"))
)
number <- function(x) ifelse(is.finite(x), formatC(unname(x), digits = 11, format = "g", width = 1), "null")
vector_json <- function(x) paste0("[", paste(number(as.vector(unclass(x))), collapse = ","), "]")
names_json <- function(x) if (length(x)) paste0("[", paste0('"', x, '"', collapse = ","), "]") else "[]"
column_json <- function(x) paste0("[", paste(ifelse(is.na(x), "null", format(x, trim = TRUE, digits = 12)), collapse = ","), "]")
case_json <- function(case) {
  data <- case[[2]]; y <- case[[3]]; x <- case[[5]]; options <- case[[6]]
  model <- paste("f =~", paste(y, collapse = " + "))
  if (length(x)) model <- paste0(model, "\nf ~ ", paste(x, collapse = " + "))
  # the moments are wanted, not the model
  f <- suppressWarnings(do.call("sem", c(list(model = model, data = data, ordered = case[[4]], do.fit = FALSE), options)))
  gamma <- unclass(lavInspect(f, "gamma"))
  moments <- unclass(lavInspect(f, "wls.obs"))
  paste0('  {"id": "', case[[1]], '", "n_obs": ', lavInspect(f, "nobs"),
    ', "variables": ', names_json(y), ', "ordered": ', names_json(case[[4]]), ', "covariates": ', names_json(x),
    ', "weights": ', if (is.null(options$sampling.weights)) "null" else '"w"',
    ', "zero_cells": ', vector_json(if (is.null(options$zero.add)) c(.5, 0) else options$zero.add),
    ', "keep_margins": ', if (is.null(options$zero.keep.margins)) "true" else "false",
    ', "pairwise": ', if (is.null(options$missing)) "false" else "true",
    ',\n   "columns": {', paste(sprintf('"%s": %s', c(y, x, options$sampling.weights),
      sapply(c(y, x, options$sampling.weights), function(v) column_json(data[[v]]))), collapse = ",\n    "), '}',
    ',\n   "names": ', names_json(names(moments)), ',\n   "moments": ', vector_json(moments),
    ',\n   "gamma": ', vector_json(gamma[lower.tri(gamma, diag = TRUE)]), "}")
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_polychoric.R", "order": "moments as in names; gamma: lower triangle, column by column; means have the sign -"},\n"cases": [\n',
  paste(sapply(cases, case_json), collapse = ",\n"), '\n]}\n', sep = "")
