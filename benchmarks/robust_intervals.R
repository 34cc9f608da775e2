# Limits of lavaan's 95 % interval of one variance under full information, on many samples.
# Usage: Rscript robust_intervals.R SAMPLES.csv MODEL.txt NAME~~NAME
# SAMPLES.csv has a column `sample`; prints one line per sample: lower and upper limit.
suppressPackageStartupMessages(library(lavaan))
arguments <- commandArgs(trailingOnly = TRUE)
samples <- split(read.csv(arguments[1]), ~sample)
model <- paste(readLines(arguments[2], warn = FALSE), collapse = "\n")
for (data in samples) {
  rows <- parameterEstimates(sem(model, data = data, missing = "ml"))
  row <- rows[paste0(rows$lhs, rows$op, rows$rhs) == arguments[3], ]
  cat(format(c(row$ci.lower, row$ci.upper), digits = 10), "\n")
}
