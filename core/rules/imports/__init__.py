"""What a school's files say, made comparable with what Firstkey knows: formats, columns, values, differences."""
