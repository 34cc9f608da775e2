# p-values of lavaan's robust tests on many samples. Usage: Rscript robust_sizes.R SAMPLES.csv MODEL.txt ESTIMATOR,...
# SAMPLES.csv has a column `sample`; prints one line per estimator: its name and a p-value per sample, 0 for a failure.
suppressPackageStartupMessages(library(lavaan))
arguments <- commandArgs(trailingOnly = TRUE)
samples <- split(read.csv(arguments[1]), ~sample)
model <- paste(readLines(arguments[2], warn = FALSE), collapse = "\n")
pvalue <- function(data, estimator) tryCatch(suppressWarnings({
  measures <- fitMeasures(sem(model, data = data, estimator = estimator))
  value <- if ("pvalue.scaled" %in% names(measures)) measures[["pvalue.scaled"]] else measures[["pvalue"]]
  if (is.na(value)) 0 else value
}), error = function(e) 0)
for (estimator in strsplit(arguments[3], ",")[[1]])
  cat(estimator, format(vapply(samples, pvalue, 0, estimator = estimator), digits = 10), "\n")
