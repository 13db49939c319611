"""Write the JSON Schema of study.yaml, from which editors complete keys and names, into data_schema."""

from cohort.codebook import load_codebook
from cohort.shipped import shipped_folder
from cohort.study_file import write_study_schema

if __name__ == "__main__":
    path = shipped_folder("data_schema") / "study.schema.json"
    write_study_schema(path, load_codebook())
    print(f"wrote {path.name}")
